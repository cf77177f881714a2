import JSONFields
import RulesModel
import Sequitur

/// Rules with every name replaced by an index, for the hot path.
final class RulesProgram {
  /// The fields that some command needs; the first is `type`.
  let commandFields: NameTable
  /// `status` and the fields of the object.
  let stateFields: NameTable
  let commandNames: NameTable
  /// ``Rules/none``, then the states.
  let statuses: NameTable
  /// By command: its rule, or the first of its alternatives.
  let commands: [CommandProgram]
  let fields: [Rules.Field]
  /// By field of the object.
  let forms: [FieldForm]
  /// By field of the object: its bounds.
  let bounds: [BoundsProgram?]
  /// By field of the object: the slot of its text among the state's values, or 0.
  let stateTexts: [Int]
  /// The types of all events that rules with an effect make.
  let eventTypes: [String]
  /// `{"status":"open"` for each status.
  let statusTexts: [PermanentBytes]
  /// `,"total":` for each field.
  let fieldTexts: [PermanentBytes]
  /// By field of the object: its default, or a missing value.
  let initials: [csj_value]
  let machine: Machine
  /// By the version that wrote a state.
  let migrations: [Int: MigrationProgram]
  /// How many values of commands are read from texts.
  let convertedCount: Int
  private let initialOwners: [PermanentBytes]

  init(_ rules: Rules) {
    let statusNames = [Rules.none] + rules.states
    let statusIndexes = Self.indexes(statusNames)
    let fieldIndexes = Self.indexes(rules.fields.map(\.name))
    stateFields = NameTable(["status"] + rules.fields.map(\.name))
    stateTexts = rules.fields.enumerated().map { [stateFields] index, field in
      FieldForm(field.type).needsText ? stateFields.addText(index + 1) : 0
    }
    statuses = NameTable(statusNames)
    fields = rules.fields
    forms = rules.fields.map { FieldForm($0.type) }
    bounds = rules.fields.map { BoundsProgram($0) }
    statusTexts = statusNames.map { PermanentBytes(json: $0, before: "{\"status\":", after: "") }
    fieldTexts = rules.fields.map { PermanentBytes(json: $0.name, before: ",", after: ":") }
    (initials, initialOwners) = Self.initials(rules.fields)

    var builder = ProgramBuilder(rules, statuses: statusIndexes, fields: fieldIndexes)
    let programs = rules.commands.map { builder.program(of: $0) }
    var first = -1
    var commands: [CommandProgram] = []
    for program in programs {
      if program.rule.alternative == 0 {
        commands.append(program)
        first = commands.count - 1
      } else {
        commands[first].alternatives.append(program)
      }
    }
    self.commands = commands
    commandNames = NameTable(commands.map(\.rule.name))
    commandFields = builder.commandFields
    eventTypes = builder.eventTypes
    convertedCount = builder.convertedCount
    var migrations: [Int: MigrationProgram] = [:]
    for migration in rules.migrations {
      migrations[migration.from] = MigrationProgram(migration, rules, &builder, initials: initials)
    }
    self.migrations = migrations
    machine = Machine(builder.compiler)
  }

  private static func indexes(_ names: [String]) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.element, $0.offset) })
  }

  private static func initials(_ fields: [Rules.Field]) -> ([csj_value], [PermanentBytes]) {
    var owners: [PermanentBytes] = []
    let values = fields.map { field in
      guard let initial = field.initial else { return csj_value() }
      let kind = CellKind(field.type)
      let cell = Cell(initial, as: field.type, &owners)
      guard kind == .wide else {
        return withUnsafeTemporaryAllocation(of: Int128.self, capacity: 1) {
          cell.value(kind, wide: $0.baseAddress!)
        }
      }
      let owner = withUnsafeBytes(of: cell.wide) { PermanentBytes($0) }
      owners.append(owner)
      return csj_value(wide: owner.bytes.baseAddress!.assumingMemoryBound(to: Int128.self))
    }
    return (values, owners)
  }
}

/// One rule with every name replaced by an index.
final class CommandProgram {
  let rule: CommandRule
  /// By status: whether it allows the command.
  let allowed: [Bool]
  /// The status it leads to; 0 forgets the object.
  let target: Int
  /// The type of its event, for rules without an effect.
  let eventType: String
  let checks: [FieldCheck]
  let checkedFields: [CheckedField]
  let guards: [GuardProgram]
  /// By field of the object: the command's field it is set from, or -1. For rules without an effect.
  let sources: [Int]
  /// What the rule does beyond what the first version of the language could say; nil for nothing.
  let effect: EffectProgram?
  /// The names that a command may have besides; nil when all are allowed.
  let knownNames: NameTable?
  /// The other alternatives of the first one's command, in their order.
  var alternatives: [CommandProgram] = [] {
    didSet { isPlain = false }
  }
  /// Whether the command says what the first version of the language could, so that the short way is enough.
  private(set) var isPlain: Bool
  /// By guard: the sentence that it is refused with; nil for the one that names the condition.
  let reasons: [[ReasonPart]?]
  private let owners: [PermanentBytes]

  init(
    rule: CommandRule, allowed: [Bool], target: Int, checks: [FieldCheck], checkedFields: [CheckedField],
    guards: [GuardProgram], reasons: [[ReasonPart]?], sources: [Int], effect: EffectProgram?,
    knownNames: NameTable?, owners: [PermanentBytes]
  ) {
    self.rule = rule
    self.allowed = allowed
    self.target = target
    eventType = rule.events[0].type
    self.checks = checks
    self.checkedFields = checkedFields
    self.guards = guards
    self.reasons = reasons
    self.sources = sources
    self.effect = effect
    self.knownNames = knownNames
    self.owners = owners
    let isOld = checks.allSatisfy { $0.converted < 0 } && checkedFields.allSatisfy { $0.bounds == nil }
    let hasOldGuards =
      guards.allSatisfy { $0.code == nil }
      && rule.guards.allSatisfy {
        $0.code == nil && $0.reason == nil
      }
    isPlain = isOld && hasOldGuards && effect == nil && knownNames == nil
  }
}

/// A part of a sentence that a command is refused with.
enum ReasonPart {
  case text(String)
  case value(Code, FieldType)
}

/// A field that a rule checks, with what the hot path does not need.
struct CheckedField {
  let field: Rules.Field
  let bounds: BoundsProgram?
}

/// What a rule does to the object, and which events it makes.
final class EffectProgram {
  enum Source {
    /// Stays as it is, or takes its default.
    case old
    /// The command's field in this slot, if it has it.
    case command(Int)
    /// What was read from the command's field, if it has it.
    case converted(Int)
    /// The value of an expression.
    case value(Code)
    case removed
  }

  struct Event {
    /// Among ``RulesProgram/eventTypes``.
    let type: Int
    /// Nil for the command's own payload.
    let payload: [Member]?
  }

  struct Member {
    /// `{"free":` or `,"free":`.
    let name: PermanentBytes
    let code: Code
    let type: FieldType
    /// Left out when it is missing.
    let isOnlyField: Bool
  }

  /// By field of the object.
  let sources: [Source]
  /// Whether the value is the field of that name and nothing else, so that nothing is done when it is missing.
  let isOnlyField: [Bool]
  /// Whether the status stays.
  let staysInStatus: Bool
  let events: [Event]

  init(sources: [Source], isOnlyField: [Bool], staysInStatus: Bool, events: [Event]) {
    self.sources = sources
    self.isOnlyField = isOnlyField
    self.staysInStatus = staysInStatus
    self.events = events
  }
}

/// Bytes that live as long as the program.
final class PermanentBytes {
  let bytes: UnsafeRawBufferPointer

  init(_ source: UnsafeRawBufferPointer) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(source.count, 1), alignment: 16)
    copy.copyMemory(from: source)
    bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(copy)[..<source.count])
  }

  convenience init(json text: String, before: StaticString, after: StaticString) {
    var writer = ByteWriter()
    writer.append(before)
    writer.append(jsonString: text)
    writer.append(after)
    self.init(writer.bytes)
  }

  deinit { bytes.deallocate() }
}
