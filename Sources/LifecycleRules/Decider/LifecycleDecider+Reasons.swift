import CSimdJSON
import Sequitur

/// The sentences that tell people why; off the hot path.
extension LifecycleDecider {
  /// The longest text of somebody else's that a reason repeats, in characters.
  private static let quotedMax = 100

  func malformed(_ payload: UnsafeRawBufferPointer, _ code: Int32) -> String {
    let expected = "Expected a JSON object, but"
    if code == CSJ_NOT_AN_OBJECT { return "\(expected) the payload is \(Self.phrase(payload))" }
    if code == CSJ_EMPTY { return "\(expected) the payload is empty" }
    return "\(expected) the payload cannot be read: \(String(cString: csj_message(code)))"
  }

  /// What the first byte promises.
  private static func phrase(_ payload: UnsafeRawBufferPointer) -> String {
    switch payload.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) ?? 0x20 {
    case 0x20: "only white space"
    case UInt8(ascii: "["): "an array"
    case UInt8(ascii: "\""): "a string"
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): "a number"
    default: "no JSON object"
    }
  }

  func unknownCommand(_ type: String, isHeaderUTF8: Bool) -> String {
    guard isHeaderUTF8 else { return "The command's type in the header ce_type is not UTF-8" }
    return "The rules of \(rules.object) know no command `\(Self.quoted(type))`"
  }

  func unknownCommand(_ type: csj_value) -> String {
    if type.kind == CSJ_STRING {
      return unknownCommand(String(decoding: type.bytes, as: UTF8.self), isHeaderUTF8: true)
    }
    if type.kind == CSJ_MISSING {
      return "The command has no type: neither the header ce_type nor the field `type`"
    }
    return "The command has no type: there is no header ce_type, and the field `type` is \(type.phrase)"
  }

  func wrongStatus(_ rule: CommandProgram, status: Int) -> Rejection {
    let from = rule.rule.from.filter { $0 != Rules.none }
    let name = rule.rule.name
    if status == 0 {
      let needed = RulesText.list(from, separator: " or ")
      return Rejection(
        .notFound,
        "The command `\(name)` needs an object with status \(needed), but the object does not exist")
    }
    let found = "but the object has status \(program.statuses.names[status])"
    if from.isEmpty {
      return Rejection(.invalidTransition, "The command `\(name)` needs a key without object, \(found)")
    }
    return Rejection(
      .invalidTransition,
      "The command `\(name)` needs status \(RulesText.list(from, separator: " or ")), \(found)")
  }

  func wrongField(_ rule: CommandProgram, _ check: FieldCheck, _ value: csj_value) -> String {
    let name = rule.rule.name
    let field = check.field
    if value.isMissing {
      return "The command `\(name)` requires the field `\(field.name)`, but it is \(value.phrase)"
    }
    let verb = check.isRequired ? "requires" : "keeps"
    return
      "The command `\(name)` \(verb) the field `\(field.name)` as \(field.type.phrase), but it is \(value.phrase)"
  }

  func failed(
    _ rule: CommandProgram, _ condition: GuardProgram, command: LifecycleCommand, state: LifecycleState?
  ) -> String {
    let status = program.statuses.names[state?.box.index ?? 0]
    let missing = condition.missingOperand(command: command.box, state: state?.box)
    let why = missing.map { ", but \($0) is missing" } ?? ", which does not hold"
    return
      "The command `\(rule.rule.name)` on an object with status \(status) requires \(condition.rule)\(why)"
  }

  func unknownStatus(_ found: String) -> LifecycleStateFault {
    LifecycleStateFault(
      message: "Expected a state with one of the statuses \(RulesText.list(rules.states)), but found "
        + "`\(Self.quoted(found))`")
  }

  func wrongStateField(_ field: Rules.Field, _ value: csj_value) -> LifecycleStateFault {
    LifecycleStateFault(
      message: "Expected a state with \(field.type.phrase) as `\(field.name)`, but found \(value.phrase)")
  }

  private static func quoted(_ text: String) -> String {
    text.count > quotedMax ? String(text.prefix(quotedMax)) + "…" : text
  }
}
