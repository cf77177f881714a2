import JSONFields
@_exported import RulesModel
import Sequitur

/// Decides by `Rules`: commands are JSON objects, whose type is the header `ce_type` or else their field
/// `type`, and an event's payload is the command's, byte for byte, unless the rules write another.
///
/// Documented outcomes of odd payloads: null, empty, no JSON, no JSON object, invalid UTF-8, something behind the
/// object, a number beyond the range of a double, or deeper nesting than 256 levels are `malformed`. Of fields with
/// the same name the last counts. An integer beyond int64 is a `number`, not an `integer`. A field that is null
/// counts as missing.
///
/// Plain rules (one rule a command, equalities only, fields set to the command's) are decided here; alternatives,
/// expressions and effects in LifecycleDecider+Alternatives.swift, where a command makes the state after it at once.
///
/// Thread rule: one thread at a time. Commands, events and states are valid as long as they are held, and belong
/// to the decider that made them. Accepting a command allocates nothing while no more than four of its commands
/// and states are held, and it makes one event.
public final class LifecycleDecider: Decider {
  /// A command whose payload was read after its rule.
  public typealias Command = LifecycleCommand
  /// What an accepted command makes.
  public typealias Event = LifecycleEvent
  /// A status and fields.
  public typealias State = LifecycleState

  /// The rules it decides by.
  public let rules: Rules
  /// The rules' version: states are written under it.
  public let schemaVersion: Int

  let program: RulesProgram
  let reader = JSONReader()
  private let commandValues: UnsafeMutablePointer<csj_value>
  private let stateValues: UnsafeMutablePointer<csj_value>
  /// Decimals of the state that was read last.
  private let stateWides: UnsafeMutablePointer<Int128>
  let scratch: EffectScratch
  // Unchecked: the pools are only touched by one statement at a time, and the checks cost 4 % of a command.
  @exclusivity(unchecked) private var commands: ValuePool
  @exclusivity(unchecked) private var states: ValuePool

  /// - Parameter rules: as `RulesFile` made them.
  public init(_ rules: Rules) {
    self.rules = rules
    schemaVersion = rules.version
    program = RulesProgram(rules)
    commandValues = .allocate(capacity: program.commandFields.valueCount)
    stateValues = .allocate(capacity: program.stateFields.valueCount)
    stateWides = .allocate(capacity: max(rules.fields.count, 1))
    stateWides.initialize(repeating: 0, count: max(rules.fields.count, 1))
    scratch = EffectScratch(fields: rules.fields.count, converted: program.convertedCount)
    commands = ValuePool(valueCount: program.commandFields.valueCount)
    states = ValuePool(valueCount: rules.fields.count)
  }

  deinit {
    commandValues.deallocate()
    stateValues.deallocate()
    stateWides.deallocate()
  }

  /// The command, `malformed` when the payload is no JSON object, or `unknown-command` when the rules do not
  /// know its type or it has none.
  public func decode(_ record: borrowing CommandRecord) -> Decoded<LifecycleCommand> {
    guard let payload = record.unsafePayload else {
      return .malformed("Expected a JSON object, but the payload is null")
    }
    let names = program.commandNames
    let header = record.withHeader("ce_type") { $0.map { names.index(of: $0) ?? -1 } }
    if let decoded = decode(payload, header: header) { return decoded }
    return .unknownCommand(
      unknownCommand(record.type ?? "", isHeaderUTF8: record.type != nil))
  }

  /// Looks for the command's first alternative that holds; rejects with the code of the guard that does not.
  public func decide(
    _ command: LifecycleCommand, on state: LifecycleState?, in context: borrowing DecisionContext
  ) -> Decision<LifecycleEvent> {
    let rule = program.commands[command.box.index]
    guard rule.isPlain else { return decideWhole(rule, command, state, context) }
    let status = state?.box.index ?? 0
    guard rule.allowed[status] else { return .reject(wrongStatus([rule], status: status)) }
    for check in rule.checks {
      let value = command.box.values[check.slot]
      if value.isMissing ? check.isRequired : !value.isOf(check.form) {
        return .reject(.invalidField, wrongField(rule, check, value, value.isMissing ? .missing : .type))
      }
    }
    for (index, condition) in rule.guards.enumerated()
    where !condition.holds(command: command.box, state: state?.box) {
      return .reject(.guardFailed, failed(rule, index, command: command, state: state))
    }
    return .accept(LifecycleEvent(box: command.box))
  }

  /// The state after the event: the one made with the decision, or the rule's target with the fields that it sets.
  public func evolve(_ state: LifecycleState?, by event: LifecycleEvent) -> LifecycleState? {
    if event.box.eventType >= 0 {
      switch event.box.outcome {
      case .state: return LifecycleState(box: event.box)
      case .forgotten: return nil
      case .unchanged: return state
      }
    }
    let rule = program.commands[event.box.index]
    guard rule.target != 0 else { return nil }
    let count = program.forms.count
    let old = state?.box
    let bytes =
      event.box.stringBytes + (old?.stringBytes ?? 0)
    let box = states.take()
    box.reset(index: rule.target, stringBytes: bytes)
    for field in 0..<count {
      let source = rule.sources[field]
      if source >= 0, !event.box.values[source].isMissing {
        box.keep(event.box.values[source], at: field)
      } else {
        box.keep(old?.values[field] ?? csj_value(), at: field)
      }
    }
    return LifecycleState(box: box)
  }

  /// Appends the payload that was made with the decision.
  public func encode(_ event: LifecycleEvent, into payload: inout ByteWriter) -> String {
    payload.append(event.box.payload)
    let type = event.box.eventType
    return type < 0 ? program.commands[event.box.index].eventType : program.eventTypes[type]
  }

  /// Throws ``LifecycleStateFault`` when the bytes are no state of these rules.
  ///
  /// Fields that the rules do not declare (any more) are ignored.
  public func decodeState(_ bytes: RawSpan) throws(LifecycleStateFault) -> LifecycleState {
    let values = stateValues + 1
    let status =
      if let status = bytes.withUnsafeBytes({
        StateScanner.scan($0, program, into: values, wides: stateWides)
      }) {
        status
      } else {
        try parseState(bytes)
      }
    for field in 0..<program.forms.count {
      guard values[field].kind == CSJ_MISSING || values[field].isOf(program.forms[field]) else {
        throw wrongStateField(program.fields[field], values[field])
      }
    }
    let box = states.take()
    box.fill(index: status, payload: UnsafeRawBufferPointer(start: nil, count: 0), from: values)
    return LifecycleState(box: box)
  }

  /// Appends `{"status":"open","customer":"…","total":12}`: the fields that are set, in the order of the rules.
  public func encodeState(_ state: LifecycleState, into bytes: inout ByteWriter) {
    bytes.append(program.statusTexts[state.box.index].bytes)
    for field in 0..<program.forms.count where state.box.values[field].kind != CSJ_MISSING {
      bytes.append(program.fieldTexts[field].bytes)
      let value = state.box.values[field]
      switch value.kind {
      case CSJ_STRING: bytes.append(jsonString: value.bytes)
      case CSJ_INTEGER: bytes.append(decimal: value.integer)
      case CSJ_NUMBER: bytes.append(jsonNumber: value.number)
      case CSJ_BOOLEAN: bytes.append(value.boolean ? "true" as StaticString : "false")
      default: bytes.append(Cell(value, CellKind(program.fields[field].type)), as: program.fields[field].type)
      }
    }
    bytes.append(UInt8(ascii: "}"))
  }

  /// A box for an event that is also the state after it.
  func takeEventBox() -> ValueBox { states.take() }

  /// The status' index, with `status` and the fields in ``stateValues``.
  private func parseState(_ bytes: RawSpan) throws(LifecycleStateFault) -> Int {
    let code = bytes.withUnsafeBytes { reader.read($0, program.stateFields, into: stateValues) }
    guard code == CSJ_OK else {
      throw LifecycleStateFault(
        message: "Expected a state as JSON, but \(JSONReader.message(code))")
    }
    guard stateValues[0].kind == CSJ_STRING else {
      throw LifecycleStateFault(
        message: "Expected a state with a status, but the field `status` is \(stateValues[0].phrase)")
    }
    guard let status = program.statuses.index(of: stateValues[0].bytes), status > 0 else {
      throw unknownStatus(String(decoding: stateValues[0].bytes, as: UTF8.self))
    }
    for field in 0..<program.forms.count where program.forms[field].isConverted {
      let text = program.stateTexts[field]
      let value = stateValues[field + 1]
      guard value.kind != CSJ_MISSING else { continue }
      let (read, refusal) = FieldReader.read(
        value, text: text > 0 ? stateValues[text] : csj_value(), as: program.fields[field].type,
        wide: stateWides + field)
      if refusal == nil { stateValues[field + 1] = read }
    }
    return status
  }

  /// Nil when the type is not known. `header`: the type's index, -1 when it is not known, nil when there is none.
  private func decode(_ payload: UnsafeRawBufferPointer, header: Int?) -> Decoded<LifecycleCommand>? {
    let code = reader.read(payload, program.commandFields, into: commandValues)
    guard code == CSJ_OK else { return .malformed(malformed(payload, code)) }
    let index: Int
    if let header {
      guard header >= 0 else { return nil }
      index = header
    } else {
      let type = commandValues[0]
      guard type.kind == CSJ_STRING, let known = program.commandNames.index(of: type.bytes) else {
        return .unknownCommand(unknownCommand(type))
      }
      index = known
    }
    let box = commands.take()
    box.fill(index: index, payload: payload, from: commandValues)
    return .command(LifecycleCommand(box: box))
  }

  /// A state of these values, whose texts are copied.
  func state(status: Int, _ values: UnsafePointer<csj_value>) -> LifecycleState {
    let box = states.take()
    box.fill(index: status, payload: UnsafeRawBufferPointer(start: nil, count: 0), from: values)
    return LifecycleState(box: box)
  }
}
