import JSONFields
import RulesModel
import Sequitur

/// Compares a member of a JSON object with what an example expects.
enum MemberComparison {
  /// Like `reserved = 5, but found 6`; nil when the object has it.
  ///
  /// Numbers are compared by their values: 5 is 5.00.
  static func difference(_ member: RulesExample.Member, in object: [UInt8]) -> String? {
    let table = NameTable([member.name])
    let slot = table.addText(0)
    let reader = JSONReader()
    return withUnsafeTemporaryAllocation(of: csj_value.self, capacity: table.valueCount) { values in
      let code = object.withUnsafeBytes { reader.read($0, table, into: values.baseAddress!) }
      guard code == CSJ_OK else { return "`\(member.name)`, but found no JSON object" }
      if isEqual(values[0], values[slot], member.value) { return nil }
      return "`\(member.name)` = \(member.value.json), but found \(text(values[0], values[slot]))"
    }
  }

  private static func isEqual(_ found: csj_value, _ text: csj_value, _ expected: ExampleValue) -> Bool {
    switch expected {
    case .null: return found.isMissing
    case .boolean(let boolean): return found.kind == CSJ_BOOLEAN && found.boolean == boolean
    case .string(let string): return found.kind == CSJ_STRING && string.utf8.elementsEqual(found.bytes)
    case .number(let number):
      guard text.kind == CSJ_TEXT else { return false }
      if let one = ExactDecimal(jsonNumber: number.utf8), let other = ExactDecimal(jsonNumber: text.bytes) {
        return ExactDecimal.order(one.unscaled, one.scale, other.unscaled, other.scale) == 0
      }
      return JSONNumber.parse(number) == (found.kind == CSJ_INTEGER ? Double(found.integer) : found.number)
    case .list(let items):
      guard text.kind == CSJ_LIST else { return false }
      let found = ListItems(text.bytes).map { String(decoding: $0, as: UTF8.self) }
      return items == found.map { .string($0) }
    case .object: return false
    }
  }

  private static func text(_ found: csj_value, _ text: csj_value) -> String {
    switch found.kind {
    case CSJ_MISSING: return "nothing"
    case CSJ_STRING: return JSONText.quoted(String(decoding: found.bytes, as: UTF8.self))
    case CSJ_BOOLEAN: return "\(found.boolean)"
    case CSJ_INTEGER, CSJ_NUMBER: return String(decoding: text.bytes, as: UTF8.self)
    default:
      guard text.kind == CSJ_LIST else { return found.phrase }
      return ExampleValue.list(ListItems(text.bytes).map { .string(String(decoding: $0, as: UTF8.self)) })
        .json
    }
  }
}
