import CSimdJSON
import Glibc

/// Reads a state in the one form in which `encodeState` writes it, several times faster than a JSON parser.
///
/// Whatever deviates (another order, white space, an escape, a byte that is not ASCII, a fraction, a fault) is
/// left to the parser, so both accept the same bytes and give the same values.
struct StateScanner {
  private var rest: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>

  /// The status' index, with the fields in `values`; nil when the parser must look at it. Strings are views.
  static func scan(
    _ bytes: UnsafeRawBufferPointer, _ program: RulesProgram, into values: UnsafeMutablePointer<csj_value>
  ) -> Int? {
    guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
    var scanner = StateScanner(rest: start, end: start + bytes.count)
    guard let status = scanner.status(program) else { return nil }
    for field in 0..<program.fields.count {
      guard scanner.skip(program.fieldTexts[field].bytes) else {
        values[field] = csj_value()
        continue
      }
      guard let value = scanner.value() else { return nil }
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
}
