import JSONFields
import RulesModel
import Sequitur

/// The sentences that tell people why; off the hot path.
extension LifecycleDecider {
  /// The longest text of somebody else's that a reason repeats, in characters.
  private static let quotedMax = 100

  func malformed(_ payload: UnsafeRawBufferPointer, _ code: Int32) -> String {
    let expected = "Expected a JSON object, but"
    if code == CSJ_NOT_AN_OBJECT { return "\(expected) the payload is \(Self.phrase(payload))" }
    if code == CSJ_EMPTY { return "\(expected) the payload is empty" }
    return "\(expected) the payload cannot be read: \(JSONReader.message(code))"
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

  /// - Parameter alternatives: the rules of one command, none of which allows the status.
  func wrongStatus(_ alternatives: [CommandProgram], status: Int) -> Rejection {
    var from: [String] = []
    for state in alternatives.flatMap(\.rule.from) where state != Rules.none && !from.contains(state) {
      from.append(state)
    }
    let name = alternatives[0].rule.name
    let needed = RulesText.list(from, separator: " or ")
    if status == 0 {
      return Rejection(
        .notFound,
        "The command `\(name)` needs an object with status \(needed), but the object does not exist")
    }
    let found = "but the object has status \(program.statuses.names[status])"
    if from.isEmpty {
      return Rejection(.invalidTransition, "The command `\(name)` needs a key without object, \(found)")
    }
    return Rejection(.invalidTransition, "The command `\(name)` needs status \(needed), \(found)")
  }

  func wrongField(
    _ rule: CommandProgram, _ check: FieldCheck, _ value: csj_value, _ refusal: FieldRefusal
  ) -> String {
    let name = rule.rule.name
    let field = rule.checkedFields[check.index].field
    let found: String
    switch refusal {
    case .missing:
      return "The command `\(name)` requires the field `\(field.name)`, but it is \(value.phrase)"
    case .type: found = "it is \(value.phrase)"
    case .places: found = "it has more places or digits"
    case .text: found = "it is another text"
    case .member: found = "it is `\(Self.quoted(String(decoding: value.bytes, as: UTF8.self)))`"
    case .bound(let bound): found = "it is \(boundText(field, bound))"
    }
    let verb =
      rule.rule.require.contains(field) ? "requires" : rule.rule.optional.contains(field) ? "takes" : "keeps"
    return "The command `\(name)` \(verb) the field `\(field.name)` as \(field.type.phrase), but \(found)"
  }

  /// Like `below 1`.
  private func boundText(_ field: Rules.Field, _ bound: BoundRefusal) -> String {
    switch bound {
    case .min: "below \(field.bounds.min.map { text($0) } ?? "")"
    case .max: "above \(field.bounds.max.map { text($0) } ?? "")"
    case .length: "longer than \(field.bounds.lengthMax ?? 0) characters"
    case .items: "longer than \(field.bounds.itemsMax ?? 0) items"
    case .member: "none of them"
    }
  }

  private func text(_ constant: Constant) -> String {
    switch constant {
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)"
    case .decimal(let decimal): "\(decimal)"
    case .timestamp(let time): Self.text(time: time)
    case .duration(let duration): TimeText.text(duration: duration)
    case .string, .boolean, .list: ""
    }
  }

  static func text(time: Int64) -> String {
    var writer = ByteWriter()
    writer.append(rfc3339: time)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  func failed(_ rule: CommandProgram, _ index: Int, command: LifecycleCommand, state: LifecycleState?)
    -> String
  {
    let status = program.statuses.names[state?.box.index ?? 0]
    let missing = missing(rule, index, command: command, state: state)
    let why = missing.map { ", but \($0) is missing" } ?? ", which does not hold"
    return
      "The command `\(rule.rule.name)` on an object with status \(status) requires \(rule.rule.guards[index])\(why)"
  }

  /// The first field that a guard needs and that is missing.
  private func missing(
    _ rule: CommandProgram, _ index: Int, command: LifecycleCommand, state: LifecycleState?
  ) -> String? {
    let condition = rule.guards[index]
    guard case .simpleComparison(_, let left, let right) = rule.rule.guards[index].condition.root.node else {
      guard let code = condition.code, !program.machine.run(code),
        case .missing(let missing) = program.machine.fault
      else { return nil }
      return name(missing, rule)
    }
    let (isLeft, isRight) = condition.missing(command: command.box, state: state?.box)
    return isLeft ? left.text : isRight ? right.text : nil
  }

  /// What an expression calls what it needs.
  private func name(_ missing: Missing, _ rule: CommandProgram) -> String {
    switch missing {
    case .time: "$time"
    case .field(.state, let index): "state.\(program.fields[index].name)"
    case .field(.command, let index): program.commandFields.names[index]
    case .field(.converted, let index):
      rule.checks.first { $0.converted == index }.map { rule.checkedFields[$0.index].field.name } ?? ""
    }
  }

  /// The rejection of a command that fits none of its alternatives.
  func rejection(
    _ rule: CommandProgram, _ misfit: Misfit, _ command: LifecycleCommand, _ state: LifecycleState?
  ) -> Rejection {
    switch misfit {
    case .status: return wrongStatus([rule], status: state?.box.index ?? 0)
    case .field(let index, let refusal):
      let check = rule.checks[index]
      return Rejection(.invalidField, wrongField(rule, check, command.box.values[check.slot], refusal))
    case .unknownField:
      let names = rule.knownNames
      let unknown = JSONMembers(command.box.payload).first { member in !(names.map(member.isNamed) ?? true)
      }
      let name = unknown.map { Self.quoted(String(decoding: $0.name, as: UTF8.self)) } ?? ""
      return Rejection(.invalidField, "The command `\(rule.rule.name)` knows no field `\(name)`")
    case .condition(let index):
      let code = rule.rule.guards[index].code.map(Self.code) ?? .guardFailed
      let reason = rule.reasons[index].map { sentence($0) }
      return Rejection(code, reason ?? failed(rule, index, command: command, state: state))
    case .fault(let index, let fault):
      return Rejection(
        .outOfRange,
        "The command `\(rule.rule.name)` requires \(rule.rule.guards[index]), but \(phrase(fault, rule))")
    }
  }

  /// A code as the rules write it.
  static func code(_ text: String) -> RejectionCode {
    switch text {
    case "not-found": .notFound
    case "invalid-transition": .invalidTransition
    case "invalid-field": .invalidField
    case "guard-failed": .guardFailed
    case "out-of-range": .outOfRange
    default: .custom(String(text.dropFirst(2)))
    }
  }

  /// A guard's own sentence, on the state before the command; what has no value is shown as `?`.
  private func sentence(_ parts: [ReasonPart]) -> String {
    var sentence = ""
    for part in parts {
      switch part {
      case .text(let text): sentence += text
      case .value(let code, let type):
        sentence += program.machine.run(code) ? Self.text(program.machine.result, type) : "?"
      }
    }
    return sentence
  }

  private static func text(_ cell: Cell, _ type: FieldType) -> String {
    switch type {
    case .string, .enumeration: return quoted(String(decoding: cell.bytes, as: UTF8.self))
    case .timestamp: return text(time: cell.integer)
    case .duration: return TimeText.text(duration: cell.integer)
    case .integer, .number, .boolean, .decimal, .list:
      var writer = ByteWriter()
      writer.append(cell, as: type)
      return quoted(String(decoding: writer.bytes, as: UTF8.self))
    }
  }

  private func phrase(_ fault: MachineFault, _ rule: CommandProgram) -> String {
    switch fault {
    case .missing(.time): "the command's record has no timestamp"
    case .missing(let missing): "\(name(missing, rule)) is missing"
    case .overflow: "the value is too large"
    case .divisionByZero: "it divides by zero"
    case .tooLong: "the text is too long"
    }
  }

  /// Where a value is for.
  enum ValuePlace: String {
    case set = "sets"
    case payload = "puts into its event"
  }

  /// The rejection of a command for which an expression has no value.
  func noValue(of field: String, _ rule: CommandProgram, _ fault: MachineFault, _ place: ValuePlace)
    -> Rejection
  {
    let reason = "The command `\(rule.rule.name)` \(place.rawValue) `\(field)`, but \(phrase(fault, rule))"
    if case .missing = fault { return Rejection(.invalidField, reason) }
    return Rejection(.outOfRange, reason)
  }

  /// The rejection of a command that would set a field beyond its bounds.
  func outOfRange(_ rule: CommandProgram, _ field: Rules.Field, _ value: csj_value, _ bound: BoundRefusal)
    -> Rejection
  {
    let shown = field.type == .list ? "" : " to \(Self.text(Cell(value, CellKind(field.type)), field.type))"
    return Rejection(
      .outOfRange,
      "The command `\(rule.rule.name)` would set `\(field.name)`\(shown), which is \(boundText(field, bound))"
    )
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
