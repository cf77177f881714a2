/// Reads a message of PostgreSQL's protocols from its beginning to its end: numbers with the high byte first, texts up to a
/// NUL. Each read says whether there was enough.
struct ByteCursor {
  /// The message ends before what it should hold.
  struct TooShort: Error {}

  private let bytes: [UInt8]
  private var index: Int

  init(_ bytes: [UInt8], from start: Int = 0) {
    self.bytes = bytes
    index = start
  }

  var rest: Int { bytes.count - index }

  mutating func byte() throws(TooShort) -> UInt8 {
    guard rest >= 1 else { throw TooShort() }
    defer { index += 1 }
    return bytes[index]
  }

  mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(TooShort) -> Number {
    let count = Number.bitWidth / 8
    guard rest >= count else { throw TooShort() }
    var value: Number = 0
    for byte in bytes[index..<(index + count)] { value = value << 8 | Number(truncatingIfNeeded: byte) }
    index += count
    return value
  }

  mutating func text() throws(TooShort) -> String {
    guard let end = bytes[index...].firstIndex(of: 0) else { throw TooShort() }
    defer { index = end + 1 }
    return String(decoding: bytes[index..<end], as: UTF8.self)
  }

  mutating func take(_ count: Int) throws(TooShort) -> [UInt8] {
    guard count >= 0, rest >= count else { throw TooShort() }
    defer { index += count }
    return Array(bytes[index..<(index + count)])
  }
}
