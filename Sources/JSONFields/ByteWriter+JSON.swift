import Sequitur

extension ByteWriter {
  /// Appends a JSON string, quotes included.
  package mutating func append(jsonString text: String) {
    var text = text
    text.withUTF8 { append(jsonString: UnsafeRawBufferPointer($0)) }
  }

  /// Appends UTF-8 as a JSON string: only `"`, `\` and control characters are escaped.
  @inlinable
  package mutating func append(jsonString bytes: UnsafeRawBufferPointer) {
    append(UInt8(ascii: "\""))
    var start = 0
    for index in bytes.indices {
      let byte = bytes[index]
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
      append(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
      append(jsonEscape: byte)
      start = index + 1
    }
    append(UnsafeRawBufferPointer(rebasing: bytes[start...]))
    append(UInt8(ascii: "\""))
  }

  @usableFromInline
  package mutating func append(jsonEscape byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): append("\\\"" as StaticString)
    case UInt8(ascii: "\\"): append("\\\\" as StaticString)
    case 0x0a: append("\\n" as StaticString)
    case 0x0d: append("\\r" as StaticString)
    case 0x09: append("\\t" as StaticString)
    default:
      append("\\u00" as StaticString)
      append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
      let digit = byte & 0xf
      append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }

  /// Appends a double in its shortest form that reads back as the same double, like `1.0` and `1e+300`.
  package mutating func append(jsonNumber number: Double) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
      let length = csj_print_number(number, text.baseAddress!)
      append(UnsafeRawBufferPointer(start: text.baseAddress!, count: length))
    }
  }
}
