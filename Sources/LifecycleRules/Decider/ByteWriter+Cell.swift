import JSONFields
import RulesModel
import Sequitur

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
