import JSONFields
import RulesModel
import Sequitur

/// Decides commands with alternatives, expressions, bounds or values that are read from texts.
extension LifecycleDecider {
  /// How far a command came with a rule that it does not fit.
  enum Misfit {
    case status
    case field(Int, FieldRefusal)
    /// A field that the rule does not name.
    case unknownField
    case condition(Int)
    /// A guard has no value: the command is refused, and no other alternative is tried.
    case fault(Int, MachineFault)

    /// The larger, the further it came.
    var rank: Int {
      switch self {
      case .status: 0
      case .field, .unknownField: 1
      case .condition: 2
      case .fault: 3
      }
    }
  }

  func decideWhole(
    _ first: CommandProgram, _ command: LifecycleCommand, _ state: LifecycleState?,
    _ context: borrowing DecisionContext
  ) -> Decision<LifecycleEvent> {
    context.key.withUnsafeBytes { key in
      program.machine.begin(
        Machine.Inputs(
          command: command.box.values, converted: scratch.converted,
          state: state.map { UnsafePointer($0.box.values) },
          time: context.timestamp, version: Int64(clamping: context.version), key: key))
      return choose(first, command, state)
    }
  }

  /// The first alternative that fits decides.
  private func choose(
    _ first: CommandProgram, _ command: LifecycleCommand, _ state: LifecycleState?
  ) -> Decision<LifecycleEvent> {
    guard var misfit = misfit(first, command, state) else { return apply(first, command, state) }
    var furthest = first
    for alternative in first.alternatives where misfit.rank < 3 {
      guard let other = self.misfit(alternative, command, state) else {
        return apply(alternative, command, state)
      }
      // Of those that came equally far the last one tells why: it is the one for all the others.
      if other.rank >= misfit.rank { (misfit, furthest) = (other, alternative) }
    }
    if case .status = misfit {
      return .reject(wrongStatus([first] + first.alternatives, status: state?.box.index ?? 0))
    }
    return .reject(rejection(furthest, misfit, command, state))
  }

  /// Why the command does not fit the rule; nil when it does.
  func misfit(_ rule: CommandProgram, _ command: LifecycleCommand, _ state: LifecycleState?) -> Misfit? {
    guard rule.allowed[state?.box.index ?? 0] else { return .status }
    for check in rule.checks {
      if let refusal = refusal(rule, check, command) { return .field(check.index, refusal) }
    }
    if let names = rule.knownNames, rules.unknownFields == .reject,
      JSONMembers(command.box.payload).contains(where: { !$0.isNamed(in: names) })
    {
      return .unknownField
    }
    for index in rule.guards.indices {
      guard let code = rule.guards[index].code else {
        if rule.guards[index].holds(command: command.box, state: state?.box) { continue }
        return .condition(index)
      }
      if program.machine.run(code) {
        if program.machine.result.boolean { continue }
        return .condition(index)
      }
      // What is missing makes a guard fail, as in a simple comparison.
      if case .missing = program.machine.fault { return .condition(index) }
      return .fault(index, program.machine.fault)
    }
    return nil
  }

  /// Why a field of the command is none of its type, with what was read from its text in ``scratch``.
  private func refusal(_ rule: CommandProgram, _ check: FieldCheck, _ command: LifecycleCommand)
    -> FieldRefusal?
  {
    var value = command.box.values[check.slot]
    if value.isMissing {
      if check.converted >= 0 { scratch.converted[check.converted] = csj_value() }
      return check.isRequired ? .missing : nil
    }
    if check.converted >= 0 {
      let text = check.textSlot > 0 ? command.box.values[check.textSlot] : csj_value()
      let (read, refusal) = FieldReader.read(
        value, text: text, as: rule.checkedFields[check.index].field.type,
        wide: scratch.convertedWides + check.converted)
      if let refusal { return refusal }
      scratch.converted[check.converted] = read
      value = read
    } else if !value.isOf(check.form) {
      return .type
    }
    guard let refusal = rule.checkedFields[check.index].bounds?.refusal(value) else { return nil }
    return refusal == .member ? .member : .bound(refusal)
  }

  // MARK: Effects

  /// Reckons the state after the command, and what its events carry.
  private func apply(
    _ rule: CommandProgram, _ command: LifecycleCommand, _ state: LifecycleState?
  ) -> Decision<LifecycleEvent> {
    guard let effect = rule.effect else { return .accept(LifecycleEvent(box: command.box)) }
    if let rejection = reckon(rule, effect, command, state) { return .reject(rejection) }
    let target = effect.staysInStatus ? state?.box.index ?? 0 : rule.target
    program.machine.see(state: scratch.next)
    if effect.events.count == 1 {
      switch box(effect.events[0], rule, target, isLast: true, command) {
      case .success(let box): return .accept(LifecycleEvent(box: box))
      case .failure(let rejection): return .reject(rejection.rejection)
      }
    }
    var events: [LifecycleEvent] = []
    for (index, event) in effect.events.enumerated() {
      switch box(event, rule, target, isLast: index == effect.events.count - 1, command) {
      case .success(let box): events.append(LifecycleEvent(box: box))
      case .failure(let rejection): return .reject(rejection.rejection)
      }
    }
    return .acceptAll(events)
  }

  private struct EventRefusal: Error {
    let rejection: Rejection
  }

  private func box(
    _ event: EffectProgram.Event, _ rule: CommandProgram, _ target: Int, isLast: Bool,
    _ command: LifecycleCommand
  ) -> Result<ValueBox, EventRefusal> {
    var payload = command.box.payload
    if let members = event.payload {
      if let rejection = write(members, rule) { return .failure(EventRefusal(rejection: rejection)) }
      payload = scratch.payload.bytes
    } else if let names = rule.knownNames, rules.unknownFields == .drop {
      writeKnownMembers(of: payload, names)
      payload = scratch.payload.bytes
    }
    let outcome: ValueBox.Outcome = target != 0 ? .state : isLast ? .forgotten : .unchanged
    let box = takeEventBox()
    box.fill(event: event.type, outcome, status: target, payload: payload, from: scratch.next)
    return .success(box)
  }

  /// The object's fields after the command, in ``scratch``; the rejection when there is none.
  private func reckon(
    _ rule: CommandProgram, _ effect: EffectProgram, _ command: LifecycleCommand, _ state: LifecycleState?
  ) -> Rejection? {
    let old = state?.box.values
    for field in program.forms.indices {
      var value = old?[field] ?? csj_value()
      var isChanged = true
      switch effect.sources[field] {
      case .old: isChanged = false
      case .removed: value = csj_value()
      case .command(let slot):
        isChanged = !command.box.values[slot].isMissing
        if isChanged { value = command.box.values[slot] }
      case .converted(let slot):
        isChanged = !scratch.converted[slot].isMissing
        if isChanged { value = scratch.converted[slot] }
      case .value(let code):
        if program.machine.run(code) {
          value = program.machine.result.value(code.kind, wide: scratch.nextWides + field)
        } else if case .missing = program.machine.fault, effect.isOnlyField[field] {
          isChanged = false
        } else {
          return noValue(of: program.fields[field].name, rule, program.machine.fault, .set)
        }
      }
      if value.isMissing { value = program.initials[field] }
      if isChanged, !value.isMissing, let bounds = program.bounds[field], let refusal = bounds.refusal(value)
      {
        return outOfRange(rule, program.fields[field], value, refusal)
      }
      scratch.next[field] = value
    }
    return nil
  }

  /// Writes an event's payload to ``scratch``; the rejection when a value has none.
  private func write(_ members: [EffectProgram.Member], _ rule: CommandProgram) -> Rejection? {
    scratch.payload.truncate(to: 0)
    scratch.payload.append(UInt8(ascii: "{"))
    for member in members {
      guard program.machine.run(member.code) else {
        if case .missing = program.machine.fault, member.isOnlyField { continue }
        let name = String(decoding: member.name.bytes.dropLast(), as: UTF8.self).filter { $0 != "\"" }
        return noValue(of: name, rule, program.machine.fault, .payload)
      }
      if scratch.payload.count > 1 { scratch.payload.append(UInt8(ascii: ",")) }
      scratch.payload.append(member.name.bytes)
      scratch.payload.append(program.machine.result, as: member.type)
    }
    scratch.payload.append(UInt8(ascii: "}"))
    return nil
  }

  /// Writes the members of a payload that the rule names to ``scratch``, as they are.
  private func writeKnownMembers(of payload: UnsafeRawBufferPointer, _ names: NameTable) {
    scratch.payload.truncate(to: 0)
    scratch.payload.append(UInt8(ascii: "{"))
    for member in JSONMembers(payload) where member.isNamed(in: names) {
      if scratch.payload.count > 1 { scratch.payload.append(UInt8(ascii: ",")) }
      scratch.payload.append(member.whole)
    }
    scratch.payload.append(UInt8(ascii: "}"))
  }
}
