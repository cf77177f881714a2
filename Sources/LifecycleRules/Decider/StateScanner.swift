import JSONFields
import Glibc
import RulesModel

/// Reads a state in the one form in which `encodeState` writes it, several times faster than a JSON parser.
///
/// Whatever deviates (another order, white space, an escape, a byte that is not ASCII, a fraction, a fault) is
/// left to the parser, so both accept the same bytes and give the same values.
struct StateScanner {
  private var rest: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>

  /// The status' index, with the fields in `values`; nil when the parser must look at it. Strings are views.
  static func scan(
    _ bytes: UnsafeRawBufferPointer, _ program: RulesProgram, into values: UnsafeMutablePointer<csj_value>,
    wides: UnsafeMutablePointer<Int128>
  ) -> Int? {
    guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
    var scanner = StateScanner(rest: start, end: start + bytes.count)
    guard let status = scanner.status(program) else { return nil }
    for field in 0..<program.forms.count {
      guard scanner.skip(program.fieldTexts[field].bytes) else {
        values[field] = csj_value()
        continue
      }
      let form = program.forms[field]
      guard let value = form == .wide ? scanner.wide(program, field, wides) : scanner.value() else {
        return nil
      }
      values[field] = value
    }
    return scanner.next == UInt8(ascii: "}") && scanner.rest + 1 == scanner.end ? status : nil
  }

  /// The next byte; 0 at the end.
  private var next: UInt8 { rest < end ? rest.pointee : 0 }

  private mutating func status(_ program: RulesProgram) -> Int? {
    for index in 1..<program.statusTexts.count where skip(program.statusTexts[index].bytes) { return index }
    return nil
  }

  private mutating func skip(_ text: UnsafeRawBufferPointer) -> Bool {
    guard end - rest >= text.count, memcmp(rest, text.baseAddress!, text.count) == 0 else { return false }
    rest += text.count
    return true
  }

  private mutating func value() -> csj_value? {
    switch next {
    case UInt8(ascii: "\""): string()
    case UInt8(ascii: "t"): boolean("true", true)
    case UInt8(ascii: "f"): boolean("false", false)
    default: integer()
    }
  }

  private mutating func string() -> csj_value? {
    rest += 1
    let start = rest
    while next != UInt8(ascii: "\"") {
      guard next >= 0x20, next < 0x80, next != UInt8(ascii: "\\") else { return nil }
      rest += 1
    }
    var value = csj_value()
    value.kind = CSJ_STRING
    value.string = start
    value.length = UInt32(truncatingIfNeeded: rest - start)
    rest += 1
    return value
  }

  private mutating func boolean(_ text: StaticString, _ boolean: Bool) -> csj_value? {
    guard skip(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) else {
      return nil
    }
    var value = csj_value()
    value.kind = CSJ_BOOLEAN
    value.boolean = boolean
    return value
  }

  /// At most 18 digits, so that it cannot overflow.
  private mutating func integer() -> csj_value? {
    let isNegative = next == UInt8(ascii: "-")
    if isNegative { rest += 1 }
    let start = rest
    var number: Int64 = 0
    while next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9"), rest - start < 18 {
      number = number * 10 + Int64(next - UInt8(ascii: "0"))
      rest += 1
    }
    guard rest > start, next == UInt8(ascii: ",") || next == UInt8(ascii: "}") else { return nil }
    let isOdd = start.pointee == UInt8(ascii: "0") && (isNegative || rest - start > 1)
    if isOdd { return nil }
    var value = csj_value()
    value.kind = CSJ_INTEGER
    value.integer = isNegative ? -number : number
    return value
  }

  /// A decimal as it is written: with all its places.
  private mutating func wide(
    _ program: RulesProgram, _ field: Int, _ wides: UnsafeMutablePointer<Int128>
  ) -> csj_value? {
    guard case .decimal(let scale) = program.fields[field].type else { return nil }
    let start = rest
    while next == UInt8(ascii: "-") || next == UInt8(ascii: ".") || (next >= 48 && next <= 57) { rest += 1 }
    guard next == UInt8(ascii: ",") || next == UInt8(ascii: "}") else { return nil }
    let text = UnsafeRawBufferPointer(start: start, count: rest - start)
    // Another form, like a zero in front, is the parser's to judge.
    guard let decimal = ExactDecimal(jsonNumber: text), decimal.scale == scale else { return nil }
    let digits = text.drop { $0 == UInt8(ascii: "-") }
    let isOdd =
      digits.first == UInt8(ascii: "0") && digits.count > 1 && digits.dropFirst().first != UInt8(ascii: ".")
    if isOdd || text.dropFirst().contains(UInt8(ascii: "-")) || digits.first == UInt8(ascii: ".") {
      return nil
    }
    wides[field] = decimal.unscaled
    return csj_value(wide: wides + field)
  }
}
