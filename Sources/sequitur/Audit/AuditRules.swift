import LifecycleRules

/// Judges events by the rules' tables: which statuses allow a command, and what it changes.
///
/// The tables come from the rules file; the evaluation is the audit's own. Guards are not evaluated: that a
/// command was rejected is taken as it is.
final class AuditRules {
  private let rules: Rules
  private let byCommand: [String: CommandRule]
  private let byEvent: [String: [CommandRule]]
  private let fields: AuditFields
  private let typeField = AuditFields(["type"])

  init(_ rules: Rules) {
    self.rules = rules
    byCommand = Dictionary(rules.commands.map { ($0.name, $0) }) { first, _ in first }
    byEvent = Dictionary(grouping: rules.commands, by: \.event)
    fields = AuditFields(rules.fields.map(\.name))
  }

  /// Takes an event into the object; returns what is wrong with it, as sentences.
  ///
  /// - Parameter command: nil when retention has deleted it: then the event's type has to tell.
  func apply(
    _ event: AuditRecord, type: String, command: AuditRecord?, to object: inout AuditedObject
  ) -> [String] {
    let found = command.map { rule(ofCommand: $0) } ?? rule(ofEvent: type)
    guard let rule = found else {
      object.isUnclear = true
      return command == nil ? [] : ["it came of a command whose type the rules do not know"]
    }
    var faults: [String] = []
    if type != rule.event { faults.append("Expected the event \(rule.event) of \(rule.name), found \(type)") }
    let status = object.status ?? Rules.none
    if !rule.from.contains(status), !object.isUnclear {
      faults.append("\(rule.name) is not allowed from the status \(status), but it was accepted")
    }
    if let command, !event.value.isEqual(to: command.value) {
      faults.append("its payload is not its command's, byte for byte")
    }
    take(rule, event, &object)
    return faults
  }

  private func take(_ rule: CommandRule, _ event: AuditRecord, _ object: inout AuditedObject) {
    guard rule.to != Rules.none else {
      (object.status, object.fields, object.version, object.isUnclear) = (nil, [], 0, false)
      return
    }
    if object.status == nil { object.fields = [] }
    if object.fields.isEmpty { object.fields = Array(repeating: nil, count: rules.fields.count) }
    object.status = rule.to
    guard let values = fields.read(event.value) else {
      object.isUnclear = true
      return
    }
    for (index, field) in rules.fields.enumerated() where rule.set.contains(field.name) {
      if let value = values[index] { object.fields[index] = value }
    }
  }

  private func rule(ofCommand command: AuditRecord) -> CommandRule? {
    if command.header("ce_type") != nil { return command.text("ce_type").flatMap { byCommand[$0] } }
    return typeField.read(command.value)?[0]?.text.flatMap { byCommand[$0] }
  }

  /// The rule, when all that make such events change the object in the same way.
  private func rule(ofEvent type: String) -> CommandRule? {
    guard let candidates = byEvent[type], let first = candidates.first else { return nil }
    return candidates.allSatisfy { $0.to == first.to && Set($0.set) == Set(first.set) } ? first : nil
  }

  /// What differs between the fold of the events and the changelog's state; nil when nothing does.
  func difference(_ object: AuditedObject, _ state: AuditedState) -> String? {
    if object.isUnclear { return nil }
    guard let status = object.status else { return "its events have forgotten it, but a state is there" }
    if state.status != status {
      return "Expected the status \(status) by its events, but found \(state.status ?? "none")"
    }
    for (index, field) in rules.fields.enumerated() where object.fields[index] != state.fields[index] {
      return "Expected the field \(field.name) as its events left it, but it differs"
    }
    return nil
  }
}
