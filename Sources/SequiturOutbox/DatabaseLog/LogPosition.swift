/// A place in a database's log (`pg_lsn`): bytes from its beginning.
struct LogPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
  let value: UInt64

  init(_ value: UInt64) { self.value = value }

  /// As PostgreSQL writes it: `16/B374D848`; nil for other texts.
  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, (1...8).contains(parts[0].count), (1...8).contains(parts[1].count),
      let high = UInt32(parts[0], radix: 16), let low = UInt32(parts[1], radix: 16)
    else { return nil }
    value = UInt64(high) << 32 | UInt64(low)
  }

  var description: String {
    "\(String(value >> 32, radix: 16, uppercase: true))/\(String(value & 0xFFFF_FFFF, radix: 16, uppercase: true))"
  }

  static func < (one: LogPosition, other: LogPosition) -> Bool { one.value < other.value }
}
