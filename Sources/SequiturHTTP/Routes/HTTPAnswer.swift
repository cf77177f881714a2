import HTTPTypes

/// What a route answers.
public struct HTTPAnswer: Sendable {
  /// The status.
  public var status: HTTPResponse.Status
  /// Header fields; the length and the date are added.
  public var fields: HTTPFields
  /// The body.
  public var body: Body

  /// Writes a part of a body.
  public typealias Write = ([UInt8]) async throws -> Void

  /// An answer's body.
  public enum Body: Sendable {
    /// These bytes.
    case bytes([UInt8])
    /// Server-sent events, for as long as the client listens.
    case events(EventFeed, EventFilter)
    /// What the function writes, part by part, until it returns. Writing waits until the client has room, and throws when it is
    /// gone.
    case stream(@Sendable (_ write: Write) async throws -> Void)
  }

  /// An answer of bytes.
  public init(_ status: HTTPResponse.Status, _ contentType: String, _ bytes: [UInt8]) {
    self.status = status
    fields = [.contentType: contentType]
    body = .bytes(bytes)
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
