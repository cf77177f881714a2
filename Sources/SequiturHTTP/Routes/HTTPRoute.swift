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
  let handler: Handler

  /// - Parameters:
  ///   - method: such as `.get`, which answers HEAD as well.
  ///   - path: like `/objects/:key`; a segment with a colon takes any one segment.
  ///   - bodyBytesMax: the largest body that the route takes; 0: none.
  ///   - handler: answers.
  public init(
    _ method: HTTPRequest.Method, _ path: String, bodyBytesMax: Int = 0, handler: @escaping Handler
  ) {
    self.method = method
    self.path = path
    self.bodyBytesMax = bodyBytesMax
    self.handler = handler
    segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { segment in
      segment.hasPrefix(":") ? .name(String(segment.dropFirst())) : .text(Array(segment.utf8))
    }
  }

  /// Answers GET.
  public static func get(_ path: String, _ handler: @escaping Handler) -> HTTPRoute {
    HTTPRoute(.get, path, handler: handler)
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
