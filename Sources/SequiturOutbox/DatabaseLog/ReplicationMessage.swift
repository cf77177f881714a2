/// What a replication stream carries (PostgreSQL's manual, "Streaming Replication Protocol"). Pure.
enum ReplicationMessage: Hashable {
  /// A piece of the log, as pgoutput tells it: a message of ``LogMessage``.
  case log([UInt8])
  /// The server is alive and its log ends there; it may ask for an answer.
  case keepAlive(end: LogPosition, wantsReply: Bool)

  /// - Throws: `ByteCursor.TooShort`, also for a message of another kind.
  init(_ bytes: [UInt8]) throws(ByteCursor.TooShort) {
    var cursor = ByteCursor(bytes)
    switch try cursor.byte() {
    case UInt8(ascii: "w"):
      // Where the piece begins, where the log ends, and when it was sent.
      _ = try cursor.take(24)
      self = .log(try cursor.take(cursor.rest))
    case UInt8(ascii: "k"):
      let end = LogPosition(try cursor.number(UInt64.self))
      _ = try cursor.take(8)
      self = .keepAlive(end: end, wantsReply: try cursor.byte() == 1)
    default: throw ByteCursor.TooShort()
    }
  }

  /// "Standby status update": the log below is not needed any more.
  static func feedback(_ position: LogPosition) -> [UInt8] {
    var bytes = [UInt8(ascii: "r")]
    // Written, flushed and applied are one here; the time is for the server's statistics only.
    for number in [position.value, position.value, position.value, 0] {
      withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
    bytes.append(0)
    return bytes
  }
}
