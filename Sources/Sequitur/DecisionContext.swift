/// What a decision may depend on besides the command and the state.
public struct DecisionContext: ~Escapable {
  /// The object key, 1…1,024 bytes.
  public let key: RawSpan
  /// Where the command stands on the commands topic.
  public let position: CommandPosition
  /// The command record's timestamp, in milliseconds since 1970-01-01T00:00:00Z; ``CommandRecord/noTimestamp`` (−1) when it
  /// has none. The only clock there is.
  public let timestamp: Int64
  /// The object's version before the command; 0 when it does not exist.
  public let version: UInt64

  /// For a test of a decider; a worker makes its own.
  @inlinable
  @_lifetime(copy key)
  public init(key: RawSpan, position: CommandPosition, timestamp: Int64, version: UInt64) {
    self.key = key
    self.position = position
    self.timestamp = timestamp
    self.version = version
  }

  /// The key as text; bytes that are not UTF-8 are shown as U+FFFD.
  public var keyText: String {
    key.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}
