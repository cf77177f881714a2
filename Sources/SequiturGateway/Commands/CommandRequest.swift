import Sequitur

/// A command, as a client asks for it.
struct CommandRequest: Sendable, Hashable {
  /// The object's key, 1 to 1,024 bytes.
  var key: [UInt8]
  /// `ce_type`.
  var type: String
  var payload: [UInt8]
  /// `ce_id`; the client's, or made here.
  var id: String
  /// `ce_actor`: who sends it, as whoever vouches for them names them; nil where nobody was asked.
  var actor: String?
  /// `expected-version`: `none`, `exists` or a version; nil for any.
  var expectedVersion: String?
  /// Headers that are carried to the outcome: `content-type`, `traceparent`, `tracestate`.
  var carried: [Header] = []
  /// How long to wait for the outcome; zero: not at all.
  var wait: Duration

  struct Header: Sendable, Hashable {
    let name: String
    let value: String
  }
}
