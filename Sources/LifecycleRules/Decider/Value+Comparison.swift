import JSONFields
import Glibc
import RulesModel

extension csj_value {
  /// Whether there is no such field, or it is JSON's null.
  var isMissing: Bool { kind == CSJ_MISSING || kind == CSJ_NULL }

  /// Whether it is a view of bytes: a string, or what only decimals and lists have.
  var hasBytes: Bool { kind.rawValue >= CSJ_STRING.rawValue }

  /// Like `an integer`.
  var phrase: String {
    switch kind {
    case CSJ_NULL: "null"
    case CSJ_BOOLEAN: "a boolean"
    case CSJ_INTEGER: "an integer"
    case CSJ_NUMBER: "a number"
    case CSJ_STRING: "a string"
    case CSJ_OBJECT: "an object"
    case CSJ_ARRAY, CSJ_LIST: "an array"
    case CSJ_TEXT, CSJ_WIDE: "a number"
    default: "missing"
    }
  }

  /// Whether the comparison holds; never between values of different kinds or with a missing one.
  func satisfies(_ comparison: Operator, _ other: csj_value) -> Bool {
    if kind == CSJ_BOOLEAN, other.kind == CSJ_BOOLEAN {
      switch comparison {
      case .equal: return boolean == other.boolean
      case .notEqual: return boolean != other.boolean
      default: return false
      }
    }
    guard let order = order(to: other) else { return false }
    switch comparison {
    case .equal: return order == 0
    case .notEqual: return order != 0
    case .less: return order < 0
    case .lessOrEqual: return order <= 0
    case .greater: return order > 0
    case .greaterOrEqual: return order >= 0
    default: return false
    }
  }

  /// Below, at or above zero like this value against the other; nil when they have no order.
  private func order(to other: csj_value) -> Int? {
    switch (kind, other.kind) {
    case (CSJ_STRING, CSJ_STRING): Self.order(bytes, other.bytes)
    case (CSJ_INTEGER, CSJ_INTEGER): Self.order(integer, other.integer)
    case (CSJ_NUMBER, CSJ_NUMBER): Self.order(number, other.number)
    case (CSJ_INTEGER, CSJ_NUMBER): Self.exactOrder(integer, other.number)
    case (CSJ_NUMBER, CSJ_INTEGER): -Self.exactOrder(other.integer, number)
    default: nil
    }
  }

  /// A string's bytes.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: string, count: Int(length)) }

  private static func order<Value: Comparable>(_ first: Value, _ second: Value) -> Int {
    first < second ? -1 : first == second ? 0 : 1
  }

  private static func order(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
    let common = min(first.count, second.count)
    if common > 0 {
      let order = memcmp(first.baseAddress!, second.baseAddress!, common)
      if order != 0 { return Int(order) }
    }
    return order(first.count, second.count)
  }

  /// Compares exactly: the integer is not rounded to a double.
  static func exactOrder(_ integer: Int64, _ number: Double) -> Int {
    if number >= 0x1p63 { return -1 }
    if number < -0x1p63 { return 1 }
    let whole = number.rounded(.towardZero)
    let truncated = Int64(whole)
    return integer == truncated ? order(0.0, number - whole) : order(integer, truncated)
  }
}
