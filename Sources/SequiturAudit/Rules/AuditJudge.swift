import RulesModel

/// What rules make of a command.
enum AuditVerdict {
  /// - Parameter fields: the object's after the command, in the rules' order.
  case accepted(CommandRule, fields: [AuditValue?], payloads: [AuditPayload])
  /// - Parameter why: as the end of a sentence that begins with "since".
  case rejected(code: String, why: String)
  /// The object is not known well enough.
  case unclear
}

/// What an event's payload must be.
enum AuditPayload {
  /// The command's own, byte for byte.
  case own
  /// Those members of the command's own that have one of these names.
  case named(Set<[UInt8]>)
  case members([(name: [UInt8], value: AuditValue)])
}

/// A command as rules judge it.
struct AuditedCommand {
  /// Its fields, as JSON has them; nil when its payload is no JSON object.
  let values: [AuditValue?]?
  /// The names of all its members.
  let names: [[UInt8]]
  let key: [UInt8]
  /// Of its record.
  let time: Int64
  /// The object's version before it.
  let version: Int64
}

/// Evaluates rules: statuses, fields and their bounds, guards, values, events.
final class AuditJudge {
  /// For numbers that versions before the reading of numbers was mended got wrong.
  static let longNumberHint =
    ". A number of 19 digits or more is part of it: earlier versions of Sequitur read such numbers wrongly"

  private let rules: Rules
  /// `type`, and the fields of commands that some rule names.
  private let fields: AuditFields
  private let indexes: [String: Int]
  private let declared: [String: Rules.Field]
  private let initials: [String: AuditValue]

  init(_ rules: Rules) {
    self.rules = rules
    var indexes = ["type": 0]
    var names = ["type"]
    for name in rules.commands.flatMap(\.audited) + rules.fields.map(\.name) where indexes[name] == nil {
      indexes[name] = names.count
      names.append(name)
    }
    self.indexes = indexes
    fields = AuditFields(names)
    declared = Dictionary(rules.fields.map { ($0.name, $0) }) { first, _ in first }
    var initials: [String: AuditValue] = [:]
    for field in rules.fields { initials[field.name] = field.initial.map { AuditValue($0) } }
    self.initials = initials
  }

  /// A command's fields; nil when its payload is no JSON object.
  func values(_ payload: UnsafeRawBufferPointer?) -> (values: [AuditValue?]?, names: [[UInt8]]) {
    guard let (values, names) = fields.readAll(payload) else { return (nil, []) }
    return (values, names)
  }

  private func value(of name: String, _ command: AuditedCommand) -> AuditValue? {
    indexes[name].flatMap { command.values?[$0] }
  }

  /// How far a command came with a rule that it does not fit.
  private enum Misfit {
    case status
    case field(String)
    case condition(code: String, why: String)
    /// A guard has no value: no other alternative is tried.
    case outOfRange(String)
    case unclear

    /// The larger, the further it came.
    var rank: Int {
      switch self {
      case .status: 0
      case .field: 1
      case .condition: 2
      case .outOfRange, .unclear: 3
      }
    }
  }

  /// What the alternatives of one command make of it on an object, which is nil when it does not exist.
  func verdict(
    on alternatives: [CommandRule], _ command: AuditedCommand, _ object: AuditedObject?
  ) -> AuditVerdict {
    if object?.isUnclear == true { return .unclear }
    guard command.values != nil else {
      return .rejected(code: "malformed", why: "its payload is no JSON object")
    }
    let status = object?.status ?? Rules.none
    var furthest: Misfit?
    for rule in alternatives {
      var inputs = inputs(command, object)
      guard let misfit = misfit(rule, command, status, &inputs) else {
        return effect(of: rule, command, object, inputs)
      }
      // Of those that came equally far the last one tells why.
      if misfit.rank >= furthest?.rank ?? 0 { furthest = misfit }
      if misfit.rank == 3 { break }
    }
    switch furthest {
    case .status?, nil:
      let code = status == Rules.none ? "not-found" : "invalid-transition"
      return .rejected(code: code, why: "the object has the status \(status)")
    case .field(let why)?: return .rejected(code: "invalid-field", why: why)
    case .condition(let code, let why)?: return .rejected(code: code, why: why)
    case .outOfRange(let why)?: return .rejected(code: "out-of-range", why: why)
    case .unclear?: return .unclear
    }
  }

  private func inputs(_ command: AuditedCommand, _ object: AuditedObject?) -> AuditInputs {
    var inputs = AuditInputs(
      initials: initials, time: command.time, key: command.key, version: command.version)
    // Of an object that does not exist nothing has a default either.
    guard let object, object.status != nil else { return inputs }
    for (field, value) in zip(rules.fields, object.fields) { inputs.state[field.name] = value?.value }
    return inputs
  }

  private func misfit(
    _ rule: CommandRule, _ command: AuditedCommand, _ status: String, _ inputs: inout AuditInputs
  ) -> Misfit? {
    guard rule.from.contains(status) else { return .status }
    if let why = read(rule, command, &inputs) { return .field(why) }
    if rules.unknownFields == .reject, let name = command.names.first(where: { !rule.knows($0) }) {
      return .field("the field \(String(decoding: name, as: UTF8.self)) is none that it knows")
    }
    let evaluator = AuditEvaluator(inputs: inputs)
    for condition in rule.guards {
      do throws(AuditTrouble) {
        if try evaluator.condition(condition.condition.root) { continue }
        return .condition(code: condition.code ?? "guard-failed", why: why(condition, evaluator))
      } catch {
        switch error {
        case .missing:
          return .condition(code: condition.code ?? "guard-failed", why: "\(condition) lacks a field")
        case .outOfRange: return .outOfRange("\(condition) has no value")
        case .unknown: return .unclear
        }
      }
    }
    return nil
  }

  /// Reads the command's fields as the rule declares them; returns what is wrong with one.
  private func read(_ rule: CommandRule, _ command: AuditedCommand, _ inputs: inout AuditInputs) -> String? {
    // What no rule declares is compared as it is.
    for name in rule.audited { inputs.command[name] = value(of: name, command) }
    for (field, isRequired, hasOwnBounds) in rule.checked(declared) {
      guard let found = value(of: field.name, command) else {
        if isRequired { return "the field \(field.name) is missing" }
        continue
      }
      guard let value = found.read(as: field.type), !hasOwnBounds || value.isWithin(field) else {
        return "the field \(field.name) is \(found.shown)"
      }
      inputs.command[field.name] = value
    }
    return nil
  }

  private func why(_ condition: Guard, _ evaluator: AuditEvaluator) -> String {
    guard case .simpleComparison(_, let left, let right) = condition.condition.root.node else {
      return "\(condition) does not hold"
    }
    let sides = [left, right].map { evaluator.operand($0)?.shown ?? "missing" }
    return "\(condition) does not hold for \(sides[0]) and \(sides[1])"
  }

  // MARK: Effects

  private func effect(
    of rule: CommandRule, _ command: AuditedCommand, _ object: AuditedObject?, _ inputs: AuditInputs
  ) -> AuditVerdict {
    var next: [AuditValue?] = []
    for field in rules.fields {
      switch value(after: rule, field, object == nil ? nil : inputs.state[field.name], inputs) {
      case .value(let value): next.append(value)
      case .rejected(let code, let why): return .rejected(code: code, why: why)
      case .unclear: return .unclear
      }
    }
    var after = inputs
    after.state = [:]
    for (field, value) in zip(rules.fields, next) { after.state[field.name] = value }
    var payloads: [AuditPayload] = []
    for event in rule.events {
      switch payload(of: event, rule, AuditEvaluator(inputs: after)) {
      case .success(let payload): payloads.append(payload)
      case .failure(let refusal):
        return refusal.code.map { .rejected(code: $0, why: "its event's \(refusal.name) has no value") }
          ?? .unclear
      }
    }
    return .accepted(rule, fields: next, payloads: payloads)
  }

  private enum Reckoned {
    case value(AuditValue?)
    case rejected(code: String, why: String)
    case unclear
  }

  /// A field of the object after the command.
  private func value(
    after rule: CommandRule, _ field: Rules.Field, _ old: AuditValue?, _ inputs: AuditInputs
  ) -> Reckoned {
    var value = old
    var isChanged = true
    if rule.unset.contains(field.name) {
      value = nil
    } else if let expression = rule.assign.first(where: { $0.field == field.name })?.value {
      do throws(AuditTrouble) {
        value = try AuditEvaluator(inputs: inputs).value(expression.root)
      } catch {
        switch error {
        case .missing where expression.onlyField != nil: isChanged = false
        case .missing: return .rejected(code: "invalid-field", why: "\(field.name) has no value")
        case .outOfRange: return .rejected(code: "out-of-range", why: "\(field.name) has no value")
        case .unknown: (value, isChanged) = (.unknown, false)
        }
      }
    } else if rule.keep.contains(field.name), let found = inputs.command[field.name] {
      value = found
    } else {
      isChanged = false
    }
    value = value ?? initials[field.name]
    if isChanged, let value, !value.isWithin(field) {
      return .rejected(code: "out-of-range", why: "\(field.name) would be \(value.shown)")
    }
    return .value(value)
  }

  private struct PayloadRefusal: Error {
    /// Nil: it hangs on something that is not known.
    let code: String?
    let name: String
  }

  private func payload(
    of event: EventRule, _ rule: CommandRule, _ evaluator: AuditEvaluator
  ) -> Result<AuditPayload, PayloadRefusal> {
    guard let assignments = event.payload else {
      guard rules.unknownFields == .drop else { return .success(.own) }
      return .success(.named(rule.knownNames))
    }
    var members: [(name: [UInt8], value: AuditValue)] = []
    for assignment in assignments {
      do throws(AuditTrouble) {
        members.append((Array(assignment.field.utf8), try evaluator.value(assignment.value.root)))
      } catch {
        switch error {
        case .missing where assignment.value.onlyField != nil: continue
        case .missing: return .failure(PayloadRefusal(code: "invalid-field", name: assignment.field))
        case .outOfRange: return .failure(PayloadRefusal(code: "out-of-range", name: assignment.field))
        case .unknown: members.append((Array(assignment.field.utf8), .unknown))
        }
      }
    }
    return .success(.members(members))
  }

  /// The fields after a command that is not known: as far as its event tells.
  ///
  /// - Parameter command: made of the event, when its payload is the command's own; else nil.
  func fields(
    after rule: CommandRule, _ command: AuditedCommand?, _ object: AuditedObject?
  ) -> [AuditValue?] {
    guard let command, command.values != nil else {
      return zip(rules.fields, object?.fields ?? Array(repeating: nil, count: rules.fields.count)).map {
        field, old in
        if rule.unset.contains(field.name) { return initials[field.name] }
        return rule.touches(field.name) ? .unknown : old?.value ?? initials[field.name]
      }
    }
    var inputs = inputs(command, object)
    _ = read(rule, command, &inputs)
    return rules.fields.map { field in
      let old = object?.status == nil ? nil : inputs.state[field.name]
      if case .value(let value) = value(after: rule, field, old, inputs) { return value }
      return .unknown
    }
  }

  /// More about a wrong decision, when a number may be the cause; else empty.
  func hint(_ rule: CommandRule, _ command: AuditedCommand, _ object: AuditedObject?) -> String {
    let ofCommand = rule.audited.map { value(of: $0, command) }
    let ofState = object?.fields.map { $0?.value } ?? []
    let isLong = (ofCommand + ofState).contains { value in
      if case .number(let number) = value { number.isLong } else { false }
    }
    return isLong ? Self.longNumberHint : ""
  }

  /// The type that a payload names.
  func type(_ values: [AuditValue?]?) -> AuditValue? { values?[0] }
}

extension CommandRule {
  /// The fields of the command that it names anywhere.
  var audited: [String] {
    let reasons = guards.compactMap(\.reason).flatMap { reason in
      reason.parts.compactMap { part in if case .expression(let value) = part { value } else { nil } }
    }
    let expressions =
      guards.map(\.condition) + assign.map(\.value) + events.flatMap { ($0.payload ?? []).map(\.value) }
      + reasons
    let read = expressions.flatMap { expression in
      let reads = expression.reads
      return reads.command + reads.asked.filter { !$0.isState }.map(\.name)
    }
    return (require + optional).map(\.name) + keep + read
  }

  /// `type`, and the fields that it names.
  var knownNames: Set<[UInt8]> { Set((["type"] + audited).map { Array($0.utf8) }) }

  fileprivate func knows(_ name: [UInt8]) -> Bool { knownNames.contains(name) }

  /// The fields whose types are looked at, in order. Bounds of what is only kept are the object's.
  fileprivate func checked(
    _ declared: [String: Rules.Field]
  ) -> [(field: Rules.Field, isRequired: Bool, hasOwnBounds: Bool)] {
    let own = Set((require + optional).map(\.name))
    return require.map { ($0, true, true) } + optional.map { ($0, false, true) }
      + keep.filter { !own.contains($0) }.compactMap { name in declared[name].map { ($0, false, false) } }
  }

  func touches(_ field: String) -> Bool {
    keep.contains(field) || unset.contains(field) || assign.contains { $0.field == field }
  }

  func makes(_ type: String, at place: Int) -> Bool {
    events.count > place && events[place].type.utf8.elementsEqual(type.utf8)
  }
}
