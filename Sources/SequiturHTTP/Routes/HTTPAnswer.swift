import HTTPTypes
import HummingbirdCore
import NIOCore

/// What a route answers.
public struct HTTPAnswer: Sendable {
  /// The status.
  public var status: HTTPResponse.Status
  /// Header fields; the length and the date are added.
  public var fields: HTTPFields
  /// The body.
  public var body: Body

  /// An answer's body.
  public enum Body: Sendable {
    /// These bytes.
    case bytes([UInt8])
    /// What a closure writes, piece by piece; of so many bytes, if that is known before.
    case stream(length: Int?, @Sendable (inout HTTPBodyWriter) async throws -> Void)
    /// Server-sent events, for as long as the client listens.
    case events(EventFeed, EventFilter)
  }

  /// An answer of bytes.
  public init(_ status: HTTPResponse.Status, _ contentType: String, _ bytes: [UInt8]) {
    self.status = status
    fields = [.contentType: contentType]
    body = .bytes(bytes)
  }

  /// An answer that is written piece by piece. When the closure throws, the connection ends without the body's end.
  public init(
    _ status: HTTPResponse.Status, _ contentType: String, length: Int? = nil,
    _ write: @escaping @Sendable (inout HTTPBodyWriter) async throws -> Void
  ) {
    self.status = status
    fields = [.contentType: contentType]
    body = .stream(length: length, write)
  }

  /// 200 with JSON that must not be kept.
  public static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> HTTPAnswer {
    var answer = HTTPAnswer(status, "application/json", bytes)
    answer.fields[.cacheControl] = "no-store"
    return answer
  }

  /// 200 with a stream of events: of those that pass.
  public static func events(_ feed: EventFeed, _ filter: EventFilter = EventFilter()) -> HTTPAnswer {
    var answer = HTTPAnswer(.ok, "text/event-stream", [])
    // A proxy that collects an answer before it passes it on would collect this one for ever.
    answer.fields[.cacheControl] = "no-store"
    answer.fields[.init("X-Accel-Buffering")!] = "no"
    answer.body = .events(feed, filter)
    return answer
  }
}

/// Takes the pieces of an answer's body.
public struct HTTPBodyWriter {
  private var parts: any ResponseBodyWriter

  init(_ parts: any ResponseBodyWriter) { self.parts = parts }

  /// Sends a piece; returns when the client has taken enough for the next one, and throws when it is gone.
  public mutating func write(_ bytes: [UInt8]) async throws {
    try await parts.write(ByteBuffer(bytes: bytes))
  }

  consuming func end() async throws { try await parts.finish(nil) }
}
