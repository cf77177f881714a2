import RulesModel

/// Judges outcomes by one version of the rules: which commands they allow on which objects, and what these change.
///
/// The tables come from the rules file; the evaluation is the audit's own, expressions, decimals, numbers and JSON included.
final class AuditRules {
  let rules: Rules
  let fingerprint: String
  private let byCommand: [[UInt8]: [CommandRule]]
  private let byEvent: [[UInt8]: [CommandRule]]
  private let judge: AuditJudge

  /// The codes of rejections that rules alone decide about, besides their own. A payload is `malformed` for other reasons,
  /// too.
  private static let judgedCodes: Set = [
    "unknown-command", "not-found", "invalid-transition", "invalid-field", "guard-failed", "out-of-range",
  ]

  init(_ rules: Rules) {
    self.rules = rules
    fingerprint = "\(rules.fingerprint)"
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
  ///   - version: the event's.
  func apply(
    _ event: AuditRecord, type: String, index: Int64?, command: AuditRecord?, version: Int64,
    to object: inout AuditedObject
  ) -> [String] {
    if object.isUnclear, version == 1 { object.begin() }
    let place = Int(index ?? 0)
    let audited = audited(command ?? event, version: version - Int64(place) - 1)
    guard let command else {
      return takeAlone(event, type, place, audited, &object)
    }
    let found = rules(of: command, audited.values)
    guard let name = found.first?.name else {
      object.isUnclear = true
      return ["it came of a command whose type the rules do not know"]
    }
    switch judge.verdict(on: found, audited, object) {
    case .accepted(let rule, let fields, let payloads):
      var faults: [String] = []
      if !rule.makes(type, at: place) {
        let expected = rule.events.count > place ? rule.events[place].type : "none"
        faults.append("Expected the event \(expected) of \(name), found \(type)")
      } else if let fault = payloads[place].fault(event.value, of: command.value) {
        faults.append(fault)
      }
      // Only the last event of a command changes the object.
      if place + 1 >= rule.events.count { take(rule, fields, event.offset, &object) }
      return faults
    case .rejected(let code, let why):
      takeMost(likely: found, type, place, audited, event.offset, &object)
      return [
        "Expected \(name) to be rejected as \(code), since \(why), but it was accepted"
          + judge.hint(found[0], audited, object)
      ]
    case .unclear:
      let isKnown = found.contains { $0.makes(type, at: place) }
      takeMost(likely: found, type, place, audited, event.offset, &object)
      return isKnown ? [] : ["Expected an event of \(name), found \(type)"]
    }
  }

  /// What is wrong with a rejection, as a sentence; nil when nothing is, or it cannot be told.
  ///
  /// - Parameter object: nil when it does not exist.
  func fault(of code: String, _ command: AuditRecord, on object: AuditedObject?) -> String? {
    guard Self.judgedCodes.contains(code) || code.hasPrefix("x-") else { return nil }
    let audited = audited(command, version: object?.version ?? 0)
    guard audited.values != nil else {
      return "Expected it to be rejected as malformed, but its code is \(code)"
    }
    let found = rules(of: command, audited.values)
    guard let rule = found.first else {
      return code == "unknown-command"
        ? nil : "Expected it to be rejected as unknown-command, but its code is \(code)"
    }
    switch judge.verdict(on: found, audited, object) {
    case .unclear: return nil
    case .accepted:
      return
        "Expected \(rule.name) to be accepted, since status, fields and guards allow it, but it was rejected as "
        + code + judge.hint(rule, audited, object)
    case .rejected(let expected, let why):
      if expected == code { return nil }
      return "Expected \(rule.name) to be rejected as \(expected), since \(why), but its code is \(code)"
        + judge.hint(rule, audited, object)
    }
  }

  private func audited(_ record: AuditRecord, version: Int64) -> AuditedCommand {
    let (values, names) = judge.values(record.value)
    return AuditedCommand(
      values: values, names: names, key: record.key.map { Array($0) } ?? [], time: record.timestamp,
      version: max(0, version))
  }

  private func rules(of command: AuditRecord, _ values: [AuditValue?]?) -> [CommandRule] {
    if let type = command.header("ce_type") { return byCommand[Array(type)] ?? [] }
    guard case .string(let type)? = judge.type(values) else { return [] }
    return byCommand[type] ?? []
  }

  // MARK: What an event leaves

  private func take(
    _ rule: CommandRule, _ fields: [AuditValue?], _ offset: Int64, _ object: inout AuditedObject
  ) {
    let target = rule.to ?? object.status ?? Rules.none
    guard target != Rules.none else {
      object.begin()
      object.version = 0
      return
    }
    object.fields = zip(fields, pad(object.fields)).map { value, old in
      guard let value else { return nil }
      if let old, old.value == value { return old }
      return AuditedField(value: value, offset: offset)
    }
    object.status = target
  }

  private func pad(_ fields: [AuditedField?]) -> [AuditedField?] {
    fields.isEmpty ? Array(repeating: nil, count: rules.fields.count) : fields
  }

  /// Takes an event that the rules do not explain, or that hangs on what is not known: one of the rules has made it.
  private func takeMost(
    likely found: [CommandRule], _ type: String, _ place: Int, _ audited: AuditedCommand, _ offset: Int64,
    _ object: inout AuditedObject
  ) {
    let makers = found.filter { $0.makes(type, at: place) }
    let status = object.status ?? Rules.none
    let allowed = makers.filter { $0.from.contains(status) }
    guard let rule = (allowed.isEmpty ? makers : allowed).first else {
      object.isUnclear = true
      return
    }
    guard place + 1 >= rule.events.count else { return }
    let targets = Set((allowed.isEmpty ? makers : allowed).map { $0.to ?? status })
    let isOnly = (allowed.isEmpty ? makers : allowed).count == 1
    guard targets.count == 1, !object.isUnclear || rule.to != nil else {
      object.isUnclear = true
      return
    }
    // What an unclear object was before is not known, and so is not what such a command leaves.
    let fields = judge.fields(after: rule, isOnly ? audited : nil, object.isUnclear ? nil : object)
    if object.isUnclear, rule.to != Rules.none { return }
    take(rule, fields, offset, &object)
  }

  /// Takes an event whose command was deleted; returns what is wrong with it.
  private func takeAlone(
    _ event: AuditRecord, _ type: String, _ place: Int, _ audited: AuditedCommand,
    _ object: inout AuditedObject
  ) -> [String] {
    let found = byEvent[Array(type.utf8)] ?? []
    let status = object.status ?? Rules.none
    var faults: [String] = []
    if !object.isUnclear, let name = found.first?.name,
      found.allSatisfy({ $0.name == name && !$0.from.contains(status) })
    {
      faults.append("\(name) is not allowed from the status \(status), but it was accepted")
    }
    let isOwnPayload = found.allSatisfy { rule in
      rule.events.count > place && rule.events[place].payload == nil
    }
    let command =
      isOwnPayload && rules.unknownFields != .drop
      ? audited
      : AuditedCommand(values: nil, names: [], key: audited.key, time: audited.time, version: audited.version)
    takeMost(likely: found, type, place, command, event.offset, &object)
    return faults
  }

  // MARK: States

  /// What differs between the fold of the events and the changelog's state; nil when nothing does.
  func difference(_ object: AuditedObject, _ state: AuditedState) -> String? {
    if object.isUnclear { return nil }
    guard let status = object.status else { return "its events have forgotten it, but a state is there" }
    guard let found = state.status, found.utf8.elementsEqual(status.utf8) else {
      return "Expected the status \(status) by its events, but found \(state.status ?? "none")"
    }
    for (field, expected) in zip(rules.fields, pad(object.fields)) {
      guard expected?.value != .unknown else { continue }
      let found = state.fields[field.name].map { $0.read(as: field.type) ?? .nested }
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

extension AuditPayload {
  /// What is wrong with an event's payload, as a sentence; nil when nothing is.
  fileprivate func fault(_ found: UnsafeRawBufferPointer?, of command: UnsafeRawBufferPointer?) -> String? {
    switch self {
    case .own:
      return found.isEqual(to: command) ? nil : "its payload is not its command's, byte for byte"
    case .named(let names):
      let expected = AuditJSON.object(of: command, keeping: names)
      return found.map { Array($0) } == expected
        ? nil : "its payload is not its command's without the fields that the rules do not name"
    case .members(let members):
      let fields = AuditFields(members.map { String(decoding: $0.name, as: UTF8.self) })
      guard let (values, names) = fields.readAll(found) else { return "its payload is no JSON object" }
      guard names == members.map(\.name) else {
        let expected = members.map { String(decoding: $0.name, as: UTF8.self) }
        return "Expected a payload with \(expected.joined(separator: ", ")), found "
          + names.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
      }
      for (member, value) in zip(members, values) where member.value != .unknown {
        if value?.isEqual(to: member.value) != true {
          return
            "Expected \(String(decoding: member.name, as: UTF8.self)) in its payload to be \(member.value.shown), "
            + "found \(value?.shown ?? "null")"
        }
      }
      return nil
    }
  }
}

extension AuditValue {
  /// Whether a JSON value is what a value of the rules is written as.
  fileprivate func isEqual(to value: AuditValue) -> Bool {
    if case .decimal(let decimal) = value { return read(as: .decimal(scale: decimal.scale)) == value }
    if case .number(let number) = self, case .number(let other) = value { return number == other }
    return self == value
  }
}
