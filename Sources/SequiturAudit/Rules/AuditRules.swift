import RulesModel

/// Judges outcomes by the rules: which commands they allow on which objects, and what these change.
///
/// The tables come from the rules file; the evaluation is the audit's own, numbers and JSON included.
///
/// It evaluates no expressions. A field that gets the value of one, or is read from a text, is not compared from then
/// on; a decision that hangs on one is not judged. Where alternatives that make the same event lead to different
/// statuses, the object is not judged from then on.
final class AuditRules {
  private let rules: Rules
  private let byCommand: [[UInt8]: [CommandRule]]
  private let byEvent: [[UInt8]: [CommandRule]]
  private let judge: AuditJudge

  /// The codes of rejections that rules alone decide about. A payload is `malformed` for other reasons, too.
  private static let judgedCodes: Set = [
    "unknown-command", "not-found", "invalid-transition", "invalid-field", "guard-failed",
  ]

  init(_ rules: Rules) {
    self.rules = rules
    byCommand = Dictionary(grouping: rules.commands) { Array($0.name.utf8) }
    var byEvent: [[UInt8]: [CommandRule]] = [:]
    for rule in rules.commands {
      for type in Set(rule.events.map(\.type)) { byEvent[Array(type.utf8), default: []].append(rule) }
    }
    self.byEvent = byEvent
    judge = AuditJudge(rules)
  }

  /// Takes an event into the object; returns what is wrong with it, as sentences.
  ///
  /// - Parameters:
  ///   - index: which of its command's events it is, from 0.
  ///   - command: nil when retention has deleted it: then the event's type has to tell.
  func apply(
    _ event: AuditRecord, type: String, index: Int64?, command: AuditRecord?, to object: inout AuditedObject
  ) -> [String] {
    if object.isUnclear, event.header("ce_sequence")?.decimal == 1 { object.begin() }
    let values = judge.values((command ?? event).value)
    let found = command.map { rules(of: $0, values) } ?? byEvent[Array(type.utf8)] ?? []
    guard let name = found.first?.name else {
      object.isUnclear = true
      return command == nil ? [] : ["it came of a command whose type the rules do not know"]
    }
    var faults: [String] = []
    let place = Int(index ?? 0)
    let makers = found.filter { $0.makes(type, at: place) }
    if makers.isEmpty {
      let expected = Set(found.compactMap { $0.events.count > place ? $0.events[place].type : nil }).sorted()
      faults.append("Expected the event \(expected.joined(separator: " or ")) of \(name), found \(type)")
    }
    var deciding = makers.isEmpty ? found : makers
    if command != nil {
      let verdicts = deciding.map { judge.verdict(on: $0, values, object) }
      if case .rejected(let code, let why)? = verdicts.first, verdicts.allSatisfy(\.isRejection) {
        let expected = deciding.count == 1 ? "rejected as \(code), since \(why)" : "rejected"
        faults.append(
          "Expected \(name) to be \(expected), but it was accepted" + judge.hint(deciding[0], values, object))
      } else {
        deciding = zip(deciding, verdicts).filter { !$0.1.isRejection }.map { $0.0 }
      }
    } else if !object.isUnclear {
      let allowed = deciding.filter { $0.from.contains(object.status ?? Rules.none) }
      if allowed.isEmpty, deciding.allSatisfy({ $0.name == name }) {
        faults.append(
          "\(name) is not allowed from the status \(object.status ?? Rules.none), but it was accepted")
      }
      if !allowed.isEmpty { deciding = allowed }
    }
    let isOwnPayload = deciding.allSatisfy { $0.events.count <= place || $0.events[place].payload == nil }
    if let command, isOwnPayload, rules.unknownFields != .drop, !event.value.isEqual(to: command.value) {
      faults.append("its payload is not its command's, byte for byte")
    }
    // Only the last event of a command changes the object.
    let last = deciding.filter { $0.events.count <= place + 1 }
    let hasValues = command != nil || isOwnPayload
    if !last.isEmpty { take(last, hasValues ? values : nil, hasValues: hasValues, event.offset, &object) }
    return faults
  }

  /// What is wrong with a rejection, as a sentence; nil when nothing is, or it cannot be told.
  ///
  /// - Parameter object: nil when it does not exist.
  func fault(of code: String, _ command: AuditRecord, on object: AuditedObject?) -> String? {
    guard Self.judgedCodes.contains(code) else { return nil }
    let values = judge.values(command.value)
    guard let values else { return "Expected it to be rejected as malformed, but its code is \(code)" }
    let rules = rules(of: command, values)
    guard let rule = rules.first else {
      return code == "unknown-command"
        ? nil : "Expected it to be rejected as unknown-command, but its code is \(code)"
    }
    // Which of several alternatives gave the code is not the audit's to say: it must only be one of theirs.
    var expected: [(code: String, why: String)] = []
    for alternative in rules {
      switch judge.verdict(on: alternative, values, object) {
      case .unclear: return nil
      case .accepted:
        return
          "Expected \(rule.name) to be accepted, since status, fields and guards allow it, but it was rejected as "
          + code + judge.hint(alternative, values, object)
      case .rejected(let code, let why): expected.append((code, why))
      }
    }
    if expected.contains(where: { $0.code == code }) { return nil }
    return
      "Expected \(rule.name) to be rejected as \(expected[0].code), since \(expected[0].why), but its code is \(code)"
      + judge.hint(rule, values, object)
  }

  /// - Parameters:
  ///   - rules: the alternatives that may have made the event.
  ///   - hasValues: whether the command's fields are known.
  private func take(
    _ rules: [CommandRule], _ values: [AuditValue?]?, hasValues: Bool, _ offset: Int64,
    _ object: inout AuditedObject
  ) {
    let before = object.status ?? Rules.none
    let targets = Set(rules.map { $0.to ?? before })
    guard targets.count == 1, let target = targets.first,
      target != Rules.none || !object.isUnclear || rules[0].to != nil
    else {
      object.isUnclear = true
      return
    }
    guard target != Rules.none else {
      object.begin()
      object.version = 0
      return
    }
    if object.status == nil { object.fields = [] }
    if object.fields.isEmpty { object.fields = Array(repeating: nil, count: self.rules.fields.count) }
    object.status = target
    guard values != nil || !hasValues else {
      object.isUnclear = true
      return
    }
    let isSure = rules.allSatisfy { $0.changes(as: rules[0]) }
    let change = FieldChange(rules[0])
    for (index, field) in self.rules.fields.enumerated() {
      if !isSure {
        if rules.contains(where: { $0.touches(field.name) }) {
          object.fields[index] = AuditedField(value: .unknown, offset: offset)
        }
      } else {
        let found = values.flatMap { judge.value(of: field.name, $0) }
        change.apply(to: &object.fields[index], field, found, hasValues: hasValues, offset)
      }
      if object.fields[index] == nil, field.initial != nil {
        object.fields[index] = AuditedField(value: .unknown, offset: offset)
      }
    }
  }

  private func rules(of command: AuditRecord, _ values: [AuditValue?]?) -> [CommandRule] {
    if let type = command.header("ce_type") { return byCommand[Array(type)] ?? [] }
    guard case .string(let type) = values.flatMap(judge.type) else { return [] }
    return byCommand[type] ?? []
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
      if expected?.value != .unknown, expected?.value != found {
        return difference(field.name, expected, found)
      }
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

/// What a rule does to the object's fields, as far as it can be told without an expression.
private struct FieldChange {
  private let keep: Set<String>
  private let unset: Set<String>
  private let assign: [String: Expression]

  init(_ rule: CommandRule) {
    keep = Set(rule.keep)
    unset = Set(rule.unset)
    assign = Dictionary(rule.assign.map { ($0.field, $0.value) }) { first, _ in first }
  }

  /// - Parameter found: the command's field of that name.
  func apply(
    to kept: inout AuditedField?, _ field: Rules.Field, _ found: AuditValue?, hasValues: Bool, _ offset: Int64
  ) {
    let unknown = AuditedField(value: .unknown, offset: offset)
    if unset.contains(field.name) { return kept = nil }
    if let value = assign[field.name] {
      // `note: note` keeps the command's field, like the list.
      guard let only = value.onlyField, !only.isState, only.name == field.name, field.type != .number else {
        return kept = unknown
      }
    } else if !keep.contains(field.name) {
      return
    }
    guard hasValues else { return kept = unknown }
    guard let found else { return }
    switch field.type {
    case .string, .integer, .number, .boolean, .enumeration: kept = AuditedField(value: found, offset: offset)
    case .timestamp, .duration:
      kept = found.integer == nil ? unknown : AuditedField(value: found, offset: offset)
    case .decimal, .list: kept = unknown
    }
  }
}

extension AuditVerdict {
  fileprivate var isRejection: Bool { if case .rejected = self { true } else { false } }
}

extension CommandRule {
  fileprivate func makes(_ type: String, at place: Int) -> Bool {
    events.count > place && events[place].type.utf8.elementsEqual(type.utf8)
  }

  /// Whether both change an object in the same way.
  fileprivate func changes(as other: CommandRule) -> Bool {
    to == other.to && Set(keep) == Set(other.keep) && Set(assign) == Set(other.assign)
      && Set(unset) == Set(other.unset)
  }

  fileprivate func touches(_ field: String) -> Bool {
    keep.contains(field) || unset.contains(field) || assign.contains { $0.field == field }
  }
}
