/// Reads the members of a JSON object, by RFC 8259 and the record contract: the audit's own reader, which shares no
/// code with the one that decides. Plain rather than fast.
///
/// The whole document is checked: structure, UTF-8, escapes, numbers, and that nothing follows the object. Objects and
/// arrays may be nested ``depthMax`` deep.
package struct AuditJSON {
  static let bytesMax = 64 << 20
  static let depthMax = 256

  /// The bytes are no such document.
  struct Refused: Error {}

  /// A string as it stands in the document, without the quotes.
  struct Text {
    fileprivate let range: Range<Int>
    fileprivate let hasEscapes: Bool
  }

  enum Value {
    case string(Text)
    case number(AuditNumber)
    case boolean(Bool)
    case null
    case object
    /// - Parameter texts: its elements, when all are strings.
    case array(texts: [Text]?)
  }

  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  /// Lends each member of the object, in the order of the document, to `body`, with itself to look at texts.
  /// Of what a document that is refused has lent nothing may be believed.
  static func readMembers(
    of bytes: UnsafeRawBufferPointer,
    _ body: (AuditJSON, _ name: Text, _ value: Value, _ whole: Range<Int>) -> Void
  ) throws(Refused) {
    guard bytes.count <= bytesMax, isUTF8(bytes) else { throw Refused() }
    var reader = AuditJSON(bytes: bytes)
    reader.skipSpace()
    try reader.object(depth: 1, body)
    reader.skipSpace()
    guard reader.index == bytes.count else { throw Refused() }
  }

  /// Whether the bytes are a document that it takes.
  package static func isObject(_ bytes: UnsafeRawBufferPointer) -> Bool {
    (try? readMembers(of: bytes) { _, _, _, _ in }) != nil
  }

  /// The object with those of its members that have one of these names, each as it stands there; nil when it is none.
  static func object(of bytes: UnsafeRawBufferPointer?, keeping names: Set<[UInt8]>) -> [UInt8]? {
    guard let bytes else { return nil }
    var members: [[UInt8]] = []
    do throws(Refused) {
      try readMembers(of: bytes) { document, name, _, whole in
        if names.contains(document.bytes(of: name)) { members.append(Array(bytes[whole])) }
      }
    } catch {
      return nil
    }
    return Array("{".utf8) + members.joined(separator: Array(",".utf8)) + Array("}".utf8)
  }

  /// A text's bytes, with its escapes replaced.
  func bytes(of text: Text) -> [UInt8] {
    guard text.hasEscapes else { return Array(bytes[text.range]) }
    var result: [UInt8] = []
    var at = text.range.lowerBound
    while at < text.range.upperBound {
      let byte = bytes[at]
      at += 1
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      at += 1
      guard bytes[at - 1] == UInt8(ascii: "u") else {
        result.append(Self.escapes[bytes[at - 1]]!)
        continue
      }
      var scalar = UInt32(hexadecimal(at)!)
      at += 4
      if 0xd800...0xdbff ~= scalar {
        scalar = 0x10000 + (scalar - 0xd800) << 10 + UInt32(hexadecimal(at + 2)!) - 0xdc00
        at += 6
      }
      result += Array(String(Character(Unicode.Scalar(scalar)!)).utf8)
    }
    return result
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
    UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0c,
    UInt8(ascii: "n"): 0x0a, UInt8(ascii: "r"): 0x0d, UInt8(ascii: "t"): 0x09,
  ]

  private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
  }

  /// The next byte; nil at the end.
  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipSpace() {
    while let next, next == 0x20 || next == 0x09 || next == 0x0a || next == 0x0d { index += 1 }
  }

  private mutating func take(_ byte: Unicode.Scalar) throws(Refused) {
    guard next == UInt8(ascii: byte) else { throw Refused() }
    index += 1
  }

  private mutating func take(word: StaticString) throws(Refused) {
    let word = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard bytes[index...].starts(with: word) else { throw Refused() }
    index += word.count
  }

  private mutating func object(
    depth: Int, _ body: (AuditJSON, Text, Value, Range<Int>) -> Void
  ) throws(Refused) {
    guard depth <= Self.depthMax else { throw Refused() }
    try take("{")
    skipSpace()
    if next == UInt8(ascii: "}") { return index += 1 }
    while true {
      skipSpace()
      let start = index
      let name = try string()
      skipSpace()
      try take(":")
      let value = try value(depth: depth + 1)
      body(self, name, value, start..<index)
      skipSpace()
      guard next == UInt8(ascii: ",") else { break }
      index += 1
    }
    try take("}")
  }

  /// Its elements, when all are strings.
  private mutating func array(depth: Int) throws(Refused) -> [Text]? {
    guard depth <= Self.depthMax else { throw Refused() }
    try take("[")
    skipSpace()
    if next == UInt8(ascii: "]") {
      index += 1
      return []
    }
    var texts: [Text]? = []
    while true {
      if case .string(let text) = try value(depth: depth + 1) { texts?.append(text) } else { texts = nil }
      skipSpace()
      guard next == UInt8(ascii: ",") else { break }
      index += 1
    }
    try take("]")
    return texts
  }

  private mutating func value(depth: Int) throws(Refused) -> Value {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"):
      try object(depth: depth) { _, _, _, _ in }
      return .object
    case UInt8(ascii: "["):
      return .array(texts: try array(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"):
      try take(word: "true")
      return .boolean(true)
    case UInt8(ascii: "f"):
      try take(word: "false")
      return .boolean(false)
    case UInt8(ascii: "n"):
      try take(word: "null")
      return .null
    default:
      guard let number = AuditNumber(startOf: UnsafeRawBufferPointer(rebasing: bytes[index...])) else {
        throw Refused()
      }
      index += number.textLength
      return .number(number)
    }
  }

  private mutating func string() throws(Refused) -> Text {
    try take("\"")
    let start = index
    var hasEscapes = false
    while let next, next != UInt8(ascii: "\"") {
      guard next >= 0x20 else { throw Refused() }
      index += 1
      guard next == UInt8(ascii: "\\") else { continue }
      hasEscapes = true
      try checkEscape()
    }
    try take("\"")
    return Text(range: start..<(index - 1), hasEscapes: hasEscapes)
  }

  /// Passes over what follows a backslash.
  private mutating func checkEscape() throws(Refused) {
    guard let letter = next else { throw Refused() }
    index += 1
    guard letter == UInt8(ascii: "u") else {
      if Self.escapes[letter] == nil { throw Refused() }
      return
    }
    guard let unit = hexadecimal(index), !(0xdc00...0xdfff ~= unit) else { throw Refused() }
    index += 4
    guard 0xd800...0xdbff ~= unit else { return }
    // The first half of a pair needs the second.
    try take(word: "\\u")
    guard let second = hexadecimal(index), 0xdc00...0xdfff ~= second else { throw Refused() }
    index += 4
  }

  /// Four hexadecimal digits.
  private func hexadecimal(_ start: Int) -> UInt16? {
    guard start + 4 <= bytes.count else { return nil }
    var unit: UInt16 = 0
    for byte in bytes[start..<(start + 4)] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }
}
