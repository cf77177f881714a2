import HTTPTypes

/// One path of a server, and what answers it.
public struct HTTPRoute: Sendable {
  /// Answers a request. What it throws that is no ``Problem`` is answered 500.
  public typealias Handler = @Sendable (HTTPCall) async throws -> HTTPAnswer

  enum Segment: Sendable, Hashable {
    case text([UInt8])
    /// Any one segment, under this name.
    case name(String)
  }

  let method: HTTPRequest.Method
  let path: String
  let segments: [Segment]
  let bodyBytesMax: Int
  /// Nobody is asked who they are.
  let isOpen: Bool
  /// What a request would do.
  let access: @Sendable (HTTPCall) throws -> HTTPAccess
  private(set) var endsWithClient = false
  let handler: Handler

  /// - Parameters:
  ///   - method: such as `.get`, which answers HEAD as well.
  ///   - path: like `/objects/:key`; a segment with a colon takes any one segment.
  ///   - bodyBytesMax: the largest body that the route takes; 0: none.
  ///   - access: what each request to it would do; nil: with `.get` to read any object, else to send any command to any.
  ///   - handler: answers who may.
  public init(
    _ method: HTTPRequest.Method, _ path: String, bodyBytesMax: Int = 0, access: HTTPAccess? = nil,
    handler: @escaping Handler
  ) {
    let access = access ?? (method == .get ? .read(key: nil) : .write(key: nil, command: nil))
    self.init(method, path, bodyBytesMax, isOpen: access == .open, { _ in access }, handler)
  }

  private init(
    _ method: HTTPRequest.Method, _ path: String, _ bodyBytesMax: Int, isOpen: Bool,
    _ access: @escaping @Sendable (HTTPCall) throws -> HTTPAccess, _ handler: @escaping Handler
  ) {
    self.method = method
    self.path = path
    self.bodyBytesMax = bodyBytesMax
    self.isOpen = isOpen
    self.access = access
    self.handler = handler
    segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { segment in
      segment.hasPrefix(":") ? .name(String(segment.dropFirst())) : .text(Array(segment.utf8))
    }
  }

  /// Answers GET.
  public static func get(
    _ path: String, access: HTTPAccess? = nil, _ handler: @escaping Handler
  ) -> HTTPRoute {
    HTTPRoute(.get, path, access: access, handler: handler)
  }

  /// The same route, where what a request would do is told by the request.
  ///
  /// - Parameter access: called with a request whose body is not read yet; what it throws is the answer.
  public func asking(_ access: @escaping @Sendable (HTTPCall) throws -> HTTPAccess) -> HTTPRoute {
    var route = HTTPRoute(method, path, bodyBytesMax, isOpen: false, access, handler)
    route.endsWithClient = endsWithClient
    return route
  }

  /// The same route, whose handler's task is cancelled when the client closes the connection, or its half of it.
  public func endingWithClient() -> HTTPRoute {
    var route = self
    route.endsWithClient = true
    return route
  }

  /// The parameters, when the path is this route's.
  func match(_ path: [[UInt8]]) -> [String: [UInt8]]? {
    guard path.count == segments.count else { return nil }
    var parameters: [String: [UInt8]] = [:]
    for (segment, bytes) in zip(segments, path) {
      switch segment {
      case .text(let text): guard text == bytes else { return nil }
      case .name(let name): parameters[name] = bytes
      }
    }
    return parameters
  }
}
