import LifecycleRules

/// Judges outcomes by the rules: which commands they allow on which objects, and what these change.
///
/// The tables come from the rules file; the evaluation is the audit's own, numbers and JSON included.
final class AuditRules {
  private let rules: Rules
  private let byCommand: [[UInt8]: CommandRule]
  private let byEvent: [[UInt8]: [CommandRule]]
  private let judge: AuditJudge

  /// The codes of rejections that rules alone decide about. A payload is `malformed` for other reasons, too.
  private static let judgedCodes: Set = [
    "unknown-command", "not-found", "invalid-transition", "invalid-field", "guard-failed",
  ]

  init(_ rules: Rules) {
    self.rules = rules
    byCommand = Dictionary(rules.commands.map { (Array($0.name.utf8), $0) }) { first, _ in first }
    byEvent = Dictionary(grouping: rules.commands) { Array($0.event.utf8) }
    judge = AuditJudge(rules)
  }

  /// Takes an event into the object; returns what is wrong with it, as sentences.
  ///
  /// - Parameter command: nil when retention has deleted it: then the event's type has to tell.
  func apply(
    _ event: AuditRecord, type: String, command: AuditRecord?, to object: inout AuditedObject
  ) -> [String] {
    if object.isUnclear, event.header("ce_sequence")?.decimal == 1 { object.begin() }
    let values = judge.values(event.value)
    let found = command.map { rule(of: $0, values) } ?? rule(ofEvent: type)
    guard let rule = found else {
      object.isUnclear = true
      return command == nil ? [] : ["it came of a command whose type the rules do not know"]
    }
    var faults: [String] = []
    if !type.utf8.elementsEqual(rule.event.utf8) {
      faults.append("Expected the event \(rule.event) of \(rule.name), found \(type)")
    }
    if case .rejected(let code, let why) = judge.verdict(on: rule, values, object) {
      faults.append(
        "Expected \(rule.name) to be rejected as \(code), since \(why), but it was accepted"
          + judge.hint(rule, values, object))
    }
    if let command, !event.value.isEqual(to: command.value) {
      faults.append("its payload is not its command's, byte for byte")
    }
    take(rule, values, event.offset, &object)
    return faults
  }

  /// What is wrong with a rejection, as a sentence; nil when nothing is, or it cannot be told.
  ///
  /// - Parameter object: nil when it does not exist.
  func fault(of code: String, _ command: AuditRecord, on object: AuditedObject?) -> String? {
    guard Self.judgedCodes.contains(code) else { return nil }
    let values = judge.values(command.value)
    guard let values else { return "Expected it to be rejected as malformed, but its code is \(code)" }
    guard let rule = rule(of: command, values) else {
      return code == "unknown-command"
        ? nil : "Expected it to be rejected as unknown-command, but its code is \(code)"
    }
    switch judge.verdict(on: rule, values, object) {
    case .unclear: return nil
    case .accepted:
      return
        "Expected \(rule.name) to be accepted, since status, fields and guards allow it, but it was rejected as "
        + code + judge.hint(rule, values, object)
    case .rejected(let expected, let why):
      if expected == code { return nil }
      return "Expected \(rule.name) to be rejected as \(expected), since \(why), but its code is \(code)"
        + judge.hint(rule, values, object)
    }
  }

  private func take(
    _ rule: CommandRule, _ values: [AuditValue?]?, _ offset: Int64, _ object: inout AuditedObject
  ) {
    guard rule.to != Rules.none else {
      object.begin()
      object.version = 0
      return
    }
    if object.status == nil { object.fields = [] }
    if object.fields.isEmpty { object.fields = Array(repeating: nil, count: rules.fields.count) }
    object.status = rule.to
    guard let values else {
      object.isUnclear = true
      return
    }
    let kept = Set(rule.set)
    for (index, field) in rules.fields.enumerated() where kept.contains(field.name) {
      guard let value = judge.value(of: field.name, values) else { continue }
      object.fields[index] = AuditedField(value: value, offset: offset)
    }
  }

  private func rule(of command: AuditRecord, _ values: [AuditValue?]?) -> CommandRule? {
    if let type = command.header("ce_type") { return byCommand[Array(type)] }
    guard case .string(let type) = values.flatMap(judge.type) else { return nil }
    return byCommand[type]
  }

  /// The rule, when all that make such events change the object in the same way.
  private func rule(ofEvent type: String) -> CommandRule? {
    guard let candidates = byEvent[Array(type.utf8)], let first = candidates.first else { return nil }
    guard candidates.count > 1 else { return first }
    // Which of several decided is not known, so nothing but what they have in common may be judged.
    let isSame = candidates.allSatisfy {
      $0.to == first.to && Set($0.set) == Set(first.set) && $0.from == first.from && $0.guards == first.guards
        && $0.require == first.require
    }
    return isSame ? first : nil
  }

  /// What differs between the fold of the events and the changelog's state; nil when nothing does.
  func difference(_ object: AuditedObject, _ state: AuditedState) -> String? {
    if object.isUnclear { return nil }
    guard let status = object.status else { return "its events have forgotten it, but a state is there" }
    guard let found = state.status, found.utf8.elementsEqual(status.utf8) else {
      return "Expected the status \(status) by its events, but found \(state.status ?? "none")"
    }
    for (index, field) in rules.fields.enumerated() {
      let (expected, found) = (object.fields[index], state.fields[index])
      if expected?.value != found { return difference(field.name, expected, found) }
    }
    return nil
  }

  private func difference(_ name: String, _ expected: AuditedField?, _ found: AuditValue?) -> String {
    let shown = found?.shown ?? "missing"
    guard let expected else { return "Expected no field \(name) by its events, but the state has \(shown)" }
    let sentence =
      "Expected the field \(name) to be \(expected.value.shown), as the event at offset \(expected.offset) left it, "
      + "but the state has \(shown)"
    guard case .number(let number) = expected.value, number.isLong else { return sentence }
    return sentence + AuditJudge.longNumberHint
      + ". A worker goes on with the state as it is: send a command that sets \(name) again"
  }
}
