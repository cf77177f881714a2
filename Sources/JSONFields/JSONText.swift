import Sequitur

/// Writes and reads JSON strings.
package enum JSONText {
  /// A JSON string for people, quotes included: characters that act on a terminal are escaped as well.
  package static func quoted(_ text: String) -> String {
    var bytes = ByteWriter()
    bytes.append(jsonString: text)
    let string = String(decoding: bytes.bytes, as: UTF8.self)
    guard string.unicodeScalars.contains(where: actsOnTerminal) else { return string }
    var quoted = String.UnicodeScalarView()
    for scalar in string.unicodeScalars {
      guard actsOnTerminal(scalar) else {
        quoted.append(scalar)
        continue
      }
      let digits = String(scalar.value, radix: 16)
      let zeros = String(repeating: "0", count: 4 - digits.count)
      quoted.append(contentsOf: "\\u\(zeros)\(digits)".unicodeScalars)
    }
    return String(quoted)
  }

  /// The text of a JSON string's bytes without its quotes.
  package static func unescaped(_ raw: UnsafeRawBufferPointer) -> String {
    guard raw.contains(UInt8(ascii: "\\")) else { return String(decoding: raw, as: UTF8.self) }
    var units: [UInt16] = []
    let source = Array(String(decoding: raw, as: UTF8.self).utf16)
    var index = 0
    while index < source.count {
      guard source[index] == 0x5c, index + 1 < source.count else {
        units.append(source[index])
        index += 1
        continue
      }
      index += 2
      switch source[index - 1] {
      case 0x62: units.append(8)  // b
      case 0x66: units.append(12)  // f
      case 0x6e: units.append(10)  // n
      case 0x72: units.append(13)  // r
      case 0x74: units.append(9)  // t
      case 0x75 where index + 4 <= source.count:  // u and four digits
        let digits = String(decoding: source[index..<(index + 4)], as: UTF16.self)
        units.append(UInt16(digits, radix: 16) ?? 0xfffd)
        index += 4
      case let other: units.append(other)
      }
    }
    return String(decoding: units, as: UTF16.self)
  }

  /// Whether JSON lets the character stand as it is, although it moves or ends a line.
  private static func actsOnTerminal(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\u{7f}"..."\u{9f}", "\u{2028}"..."\u{2029}": true
    default: false
    }
  }
}

/// Numbers as JSON writes them.
package enum JSONNumber {
  package static func isWellFormed(_ text: String) -> Bool {
    var rest = Substring(text).utf8
    func digits() -> Substring.UTF8View { rest.prefix { $0 >= 48 && $0 <= 57 } }
    if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    let whole = digits()
    guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else { return false }
    rest = rest.dropFirst(whole.count)
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      let fraction = digits()
      guard !fraction.isEmpty else { return false }
      rest = rest.dropFirst(fraction.count)
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
      let exponent = digits()
      guard !exponent.isEmpty else { return false }
      rest = rest.dropFirst(exponent.count)
    }
    return rest.isEmpty
  }

  /// The nearest double of a well-formed number; nil when it is out of range.
  package static func parse(_ text: String) -> Double? {
    guard let number = Double(text), number.isFinite else { return nil }
    return number
  }
}
