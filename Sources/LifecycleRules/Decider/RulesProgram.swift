import CSimdJSON
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
  let commands: [CommandProgram]
  let fields: [Rules.Field]
  /// `{"status":"open"` for each status.
  let statusTexts: [PermanentBytes]
  /// `,"total":` for each field.
  let fieldTexts: [PermanentBytes]

  init(_ rules: Rules) {
    var slots: [String: Int] = ["type": 0]
    var slotNames = ["type"]
    for name in rules.commands.flatMap(\.fieldNames) where slots[name] == nil {
      slots[name] = slotNames.count
      slotNames.append(name)
    }
    let statusNames = [Rules.none] + rules.states
    let statusIndexes = Self.indexes(statusNames)
    let fieldIndexes = Self.indexes(rules.fields.map(\.name))
    commandFields = NameTable(slotNames)
    stateFields = NameTable(["status"] + rules.fields.map(\.name))
    commandNames = NameTable(rules.commands.map(\.name))
    statuses = NameTable(statusNames)
    fields = rules.fields
    commands = rules.commands.map {
      CommandProgram($0, rules: rules, statuses: statusIndexes, fields: fieldIndexes, slots: slots)
    }
    statusTexts = statusNames.map { PermanentBytes(json: $0, before: "{\"status\":", after: "") }
    fieldTexts = rules.fields.map { PermanentBytes(json: $0.name, before: ",", after: ":") }
  }

  private static func indexes(_ names: [String]) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.element, $0.offset) })
  }
}

/// One command with every name replaced by an index.
final class CommandProgram {
  let rule: CommandRule
  /// By status: whether it allows the command.
  let allowed: [Bool]
  /// The status it leads to; 0 forgets the object.
  let target: Int
  let checks: [FieldCheck]
  let guards: [GuardProgram]
  /// By field of the object: the command's field it is set from, or -1.
  let sources: [Int]

  /// - Parameters:
  ///   - statuses: their indexes.
  ///   - fields: the indexes of the object's fields.
  ///   - slots: the indexes of the commands' fields.
  init(
    _ rule: CommandRule, rules: Rules, statuses: [String: Int], fields: [String: Int], slots: [String: Int]
  ) {
    self.rule = rule
    var allowed = [Bool](repeating: false, count: statuses.count)
    for state in rule.from { allowed[statuses[state]!] = true }
    self.allowed = allowed
    target = statuses[rule.to]!
    let required = rule.require.map { FieldCheck(field: $0, slot: slots[$0.name]!, isRequired: true) }
    let names = Set(rule.require.map(\.name))
    let kept = rule.set.filter { !names.contains($0) }.map {
      FieldCheck(field: rules.fields[fields[$0]!], slot: slots[$0]!, isRequired: false)
    }
    checks = required + kept
    guards = rule.guards.map { GuardProgram($0, fields: fields, slots: slots) }
    var sources = [Int](repeating: -1, count: rules.fields.count)
    for name in rule.set { sources[fields[name]!] = slots[name]! }
    self.sources = sources
  }
}

/// The type that a command's field must have.
struct FieldCheck {
  let field: Rules.Field
  let slot: Int
  let isRequired: Bool
}

extension CommandRule {
  /// The fields of the command that the rule asks for, in the order of the file.
  var fieldNames: [String] {
    let operands = guards.flatMap { [$0.left, $0.right] }
    let compared = operands.compactMap { operand in
      if case .command(let name) = operand { name } else { nil }
    }
    return require.map(\.name) + set + compared
  }
}

/// Bytes that live as long as the program.
final class PermanentBytes {
  let bytes: UnsafeRawBufferPointer

  init(_ source: UnsafeRawBufferPointer) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(source.count, 1), alignment: 1)
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
