import HTTPTypes
import HummingbirdCore
import NIOCore

/// One request, as its route sees it.
public struct HTTPCall: Sendable {
  /// Method, path and header fields, as they came.
  public let head: HTTPRequest
  /// What stands where the route's path has a name: percent-decoded, and not necessarily UTF-8, since an object's key need
  /// not be.
  public let parameters: [String: [UInt8]]
  /// The path's query without its question mark, as it came; empty without one.
  public let query: String
  /// Who sends it.
  public let caller: HTTPCaller
  let body: RequestBody
  let limits: HTTPLimits
  let bodyBytesMax: Int

  init(
    head: HTTPRequest, parameters: [String: [UInt8]], query: String, caller: HTTPCaller, body: RequestBody,
    limits: HTTPLimits, bodyBytesMax: Int
  ) {
    self.head = head
    self.parameters = parameters
    self.query = query
    self.caller = caller
    self.body = body
    self.limits = limits
    self.bodyBytesMax = bodyBytesMax
  }

  /// A call without a body, which came over no connection.
  package init(
    head: HTTPRequest, parameters: [String: [UInt8]], query: String, caller: HTTPCaller = .anyone
  ) {
    self.init(
      head: head, parameters: parameters, query: query, caller: caller,
      body: RequestBody(buffer: ByteBuffer()), limits: HTTPLimits(), bodyBytesMax: 0)
  }

  /// Goes on only for a caller who may do this.
  ///
  /// - Throws: ``Problem``: 403.
  public func demand(_ access: HTTPAccess) throws(Problem) {
    guard caller.may(access) else { throw .forbidden(caller, access) }
  }

  /// Reads the whole body, at most as large as the route takes, within the time that a body has.
  ///
  /// - Throws: ``Problem``: 413 or 408. To be called once.
  public func collectBody() async throws -> [UInt8] {
    let (body, most, time) = (body, bodyBytesMax, limits.bodyTime)
    return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
      group.addTask {
        var bytes: [UInt8] = []
        for try await part in body {
          guard bytes.count + part.readableBytes <= most else { throw Problem.tooLarge(most) }
          bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
      }
      group.addTask {
        try await Task.sleep(for: time)
        return nil
      }
      defer { group.cancelAll() }
      guard let bytes = try await group.next() ?? nil else { throw Problem.slowBody }
      return bytes
    }
  }
}
