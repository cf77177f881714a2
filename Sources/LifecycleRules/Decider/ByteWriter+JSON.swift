import CSimdJSON
import RulesModel
import Sequitur

extension ByteWriter {
  /// Appends a JSON string, quotes included.
  mutating func append(jsonString text: String) {
    var text = text
    text.withUTF8 { append(jsonString: UnsafeRawBufferPointer($0)) }
  }

  /// Appends UTF-8 as a JSON string: only `"`, `\` and control characters are escaped.
  mutating func append(jsonString bytes: UnsafeRawBufferPointer) {
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

  private mutating func append(jsonEscape byte: UInt8) {
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
  mutating func append(jsonNumber number: Double) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
      let length = csj_print_number(number, text.baseAddress!)
      append(UnsafeRawBufferPointer(start: text.baseAddress!, count: length))
    }
  }
}

extension ByteWriter {
  /// Appends a value of this type as JSON: times and durations in milliseconds, decimals with all their places.
  mutating func append(_ cell: Cell, as type: FieldType) {
    switch type {
    case .string, .enumeration: append(jsonString: cell.bytes)
    case .integer, .timestamp, .duration: append(decimal: cell.integer)
    case .number:
      if cell.isExactNumber { append(decimal: cell.integer) } else { append(jsonNumber: cell.number) }
    case .boolean: append(cell.boolean ? "true" as StaticString : "false")
    case .decimal(let scale): append(unscaled: cell.wide, scale: scale)
    case .list:
      append(UInt8(ascii: "["))
      var isFirst = true
      for item in ListItems(cell.bytes) {
        if !isFirst { append(UInt8(ascii: ",")) }
        isFirst = false
        append(jsonString: item)
      }
      append(UInt8(ascii: "]"))
    }
  }

  /// Appends a decimal like `-12.50`.
  private mutating func append(unscaled: Int128, scale: Int) {
    if unscaled < 0 { append(UInt8(ascii: "-")) }
    // At most 34 digits, a zero and a point.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 48) { text in
      var rest = unscaled.magnitude
      var place = text.count
      var written = 0
      while rest > 0 || written <= scale {
        if written == scale, scale > 0 {
          place -= 1
          text[place] = UInt8(ascii: ".")
        }
        let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
        place -= 1
        text[place] = UInt8(ascii: "0") + UInt8(digit)
        rest = quotient
        written += 1
      }
      append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[place...]))
    }
  }
}
