import JSONFields
import RulesModel
import Sequitur

/// Replaces the names of all rules by indexes.
struct ProgramBuilder {
  private let rules: Rules
  private let statuses: [String: Int]
  private let fields: [String: Int]
  /// The slots of the commands' fields.
  private let slots: [String: Int]
  /// The names of ``slots``.
  let commandFields: NameTable
  private(set) var compiler: ExpressionCompiler
  private(set) var eventTypes: [String] = []
  private(set) var convertedCount = 0
  private var eventIndexes: [String: Int] = [:]
  /// Commands that have alternatives.
  private let choices: Set<String>

  init(_ rules: Rules, statuses: [String: Int], fields: [String: Int]) {
    self.rules = rules
    self.statuses = statuses
    self.fields = fields
    var slots: [String: Int] = ["type": 0]
    var names = ["type"]
    for name in rules.commands.flatMap(\.fieldNames) where slots[name] == nil {
      slots[name] = names.count
      names.append(name)
    }
    self.slots = slots
    choices = Set(rules.commands.filter { $0.alternative > 0 }.map(\.name))
    commandFields = NameTable(names)
    compiler = ExpressionCompiler(rules)
  }

  mutating func program(of rule: CommandRule) -> CommandProgram {
    var allowed = [Bool](repeating: false, count: statuses.count)
    for state in rule.from { allowed[statuses[state]!] = true }
    let (checks, checkedFields) = checks(of: rule)
    var command: [String: ExpressionCompiler.Field] = [:]
    for name in rule.fieldNames {
      command[name] = ExpressionCompiler.Field(bank: .command, index: slots[name]!)
    }
    for check in checks where check.converted >= 0 {
      let name = checkedFields[check.index].field.name
      command[name] = ExpressionCompiler.Field(bank: .converted, index: check.converted)
    }
    var owners: [PermanentBytes] = []
    let guards = rule.guards.map { condition in
      if case .simpleComparison(let sign, let left, let right) = condition.condition.root.node {
        return GuardProgram(simple: sign, left, right, fields: fields, slots: slots, owners: &owners)
      }
      return GuardProgram(compiler.compile(condition.condition, command: command))
    }
    let reasons = rule.guards.map { condition in
      condition.reason.map { reason in
        reason.parts.map { part in
          switch part {
          case .text(let text): ReasonPart.text(text)
          case .expression(let value):
            ReasonPart.value(compiler.compile(value, command: command), value.type ?? .string)
          }
        }
      }
    }
    var sources = [Int](repeating: -1, count: rules.fields.count)
    for name in rule.keep { sources[fields[name]!] = slots[name]! }
    let needsEffect = needsEffect(rule)
    return CommandProgram(
      rule: rule, allowed: allowed, target: rule.to.map { statuses[$0]! } ?? -1, checks: checks,
      checkedFields: checkedFields, guards: guards, reasons: reasons, sources: sources,
      effect: needsEffect ? effect(of: rule, command, checks, checkedFields) : nil,
      knownNames: rules.unknownFields == .keep ? nil : NameTable(Self.unique(["type"] + rule.fieldNames)),
      owners: owners)
  }

  /// The program of an expression on an older state.
  mutating func compile(_ root: TypedNode, command: [String: ExpressionCompiler.Field]) -> Code {
    compiler.compile(root, command: command)
  }

  private static func unique(_ names: [String]) -> [String] {
    var known: Set<String> = []
    return names.filter { known.insert($0).inserted }
  }

  private mutating func checks(of rule: CommandRule) -> ([FieldCheck], [CheckedField]) {
    var checks: [FieldCheck] = []
    var checked: [CheckedField] = []
    func add(_ field: Rules.Field, isRequired: Bool, ownBounds: Bool) {
      let form = FieldForm(field.type)
      let slot = slots[field.name]!
      let textSlot = form.needsText ? commandFields.addText(slot) : 0
      if form.isConverted { convertedCount += 1 }
      checks.append(
        FieldCheck(
          slot: slot, form: form, isRequired: isRequired, index: checked.count,
          converted: form.isConverted ? convertedCount - 1 : -1, textSlot: textSlot))
      checked.append(CheckedField(field: field, bounds: ownBounds ? BoundsProgram(field) : nil))
    }
    for field in rule.require { add(field, isRequired: true, ownBounds: true) }
    for field in rule.optional { add(field, isRequired: false, ownBounds: true) }
    let names = Set((rule.require + rule.optional).map(\.name))
    // The bounds of the object's fields are looked at when the new state is known.
    for name in rule.keep where !names.contains(name) {
      add(rules.fields[fields[name]!], isRequired: false, ownBounds: false)
    }
    return (checks, checked)
  }

  /// Whether the rule does more than keep the command's values as they came.
  private func needsEffect(_ rule: CommandRule) -> Bool {
    if !rule.assign.isEmpty || !rule.unset.isEmpty || rule.to == nil || !rule.hasPlainEvent { return true }
    // An event of a later alternative could not be told by its command alone.
    if choices.contains(rule.name) || rules.unknownFields == .drop { return true }
    if rules.fields.contains(where: { $0.initial != nil }) { return true }
    return rule.keep.contains { name in
      let field = rules.fields[fields[name]!]
      return FieldForm(field.type).isConverted || BoundsProgram(field) != nil
    }
  }

  private mutating func effect(
    of rule: CommandRule, _ command: [String: ExpressionCompiler.Field], _ checks: [FieldCheck],
    _ checked: [CheckedField]
  ) -> EffectProgram {
    var sources = [EffectProgram.Source](repeating: .old, count: rules.fields.count)
    var isOnlyField = [Bool](repeating: false, count: rules.fields.count)
    for name in rule.keep {
      let field = command[name]!
      sources[fields[name]!] = field.bank == .converted ? .converted(field.index) : .command(field.index)
    }
    for assignment in rule.assign {
      let index = fields[assignment.field]!
      sources[index] = .value(compiler.compile(assignment.value, command: command))
      isOnlyField[index] = assignment.value.onlyField != nil
    }
    for name in rule.unset { sources[fields[name]!] = .removed }
    let events = rule.events.map { event in
      EffectProgram.Event(
        type: eventIndex(event.type), payload: event.payload.map { members($0, command) })
    }
    return EffectProgram(
      sources: sources, isOnlyField: isOnlyField, staysInStatus: rule.to == nil, events: events)
  }

  private mutating func members(
    _ payload: [Assignment], _ command: [String: ExpressionCompiler.Field]
  ) -> [EffectProgram.Member] {
    payload.map { assignment in
      EffectProgram.Member(
        name: PermanentBytes(json: assignment.field, before: "", after: ":"),
        code: compiler.compile(assignment.value, command: command), type: assignment.value.type ?? .string,
        isOnlyField: assignment.value.onlyField != nil)
    }
  }

  private mutating func eventIndex(_ type: String) -> Int {
    if let index = eventIndexes[type] { return index }
    eventIndexes[type] = eventTypes.count
    eventTypes.append(type)
    return eventTypes.count - 1
  }
}

extension CommandRule {
  /// The fields of the command that the rule asks for, in the order of the file.
  var fieldNames: [String] {
    let expressions =
      guards.map(\.condition) + assign.map(\.value) + events.flatMap { ($0.payload ?? []).map(\.value) }
    let reasons = guards.flatMap { $0.reason?.expressions ?? [] }
    let read = (expressions + reasons).flatMap { expression in
      let reads = expression.reads
      return reads.command + reads.asked.filter { !$0.isState }.map(\.name)
    }
    return require.map(\.name) + optional.map(\.name) + keep + read
  }
}

extension Template {
  var expressions: [Expression] {
    parts.compactMap { if case .expression(let value) = $0 { value } else { nil } }
  }
}
