import PartitionEngine
import Sequitur

/// What a decider promises, checked with every command.
extension TestDriver {
  /// Decides several times; all must be alike.
  func rehearse(at offset: Int64) throws(TestFault) -> (DirectDecision, events: [D.Event]) {
    let command = commands[Int(offset)]
    let record = command.key.flatMap { object($0) }
    let state = record.map { stateBytes(of: $0) }
    let version = record.map { self.version(ofRecord: $0) } ?? 0
    if let state { try checkCodec(state, at: offset) }
    func run(_ decider: D) -> (DirectDecision, events: [D.Event]) {
      command.withCommand(at: CommandPosition(partition: 0, offset: offset)) {
        DirectDecision.run(decider, $0, on: state, version: version)
      }
    }
    let first = run(decider)
    var shift = HeapShift()
    for round in 1..<Self.rehearsals {
      shift.shift(round: round)
      let again = run(round.isMultiple(of: 2) ? decider : makeDecider())
      guard again.0 == first.0 else {
        throw fault(
          .nondeterministic, at: offset,
          "deciding again gave another outcome: first \(first.0.summary), then \(again.0.summary)")
      }
    }
    return first
  }

  /// Compares what the engine made of the command in flight with the rehearsal.
  func check(_ rehearsed: (DirectDecision, events: [D.Event]), at offset: Int64) throws(TestFault) {
    let records = inFlight?.records ?? []
    let key = commands[Int(offset)].key ?? []
    if let rejected = records.first(where: { $0.topic == .invalid }) {
      return try checkRejection(rejected.record, rehearsed.0, at: offset)
    }
    let events = records.filter { $0.topic == .valid }.map {
      DirectDecision.Event(type: $0.record[header: "ce_type"] ?? "", payload: $0.record.value ?? [])
    }
    let state = object(key).map { stateBytes(of: $0) }
    let made = DirectDecision(answer: .accepted(events, state: state))
    guard made == rehearsed.0 else {
      throw fault(
        .nondeterministic, at: offset,
        "the engine's outcome is \(made.summary), deciding again gave \(rehearsed.0.summary)")
    }
    if let state { try checkCodec(state, at: offset) }
    try fold(rehearsed.events, of: key, expecting: state, at: offset)
  }

  /// Only a rejection that is the decider's own can be compared; the others are the engine's.
  private func checkRejection(
    _ record: LogRecord, _ rehearsal: DirectDecision, at offset: Int64
  ) throws(TestFault) {
    guard case .rejected(let rejection) = rehearsal.answer,
      record[header: "rejection-code"] == rejection.code.rawValue
    else { return }
    guard let reason = record[header: "rejection-reason"],
      reason == rejection.reason || rejection.reason.utf8.count > reason.utf8.count
    else {
      throw fault(
        .nondeterministic, at: offset,
        "the engine's rejection says '\(record[header: "rejection-reason"] ?? "")', deciding again said "
          + "'\(rejection.reason)'")
    }
  }

  private func checkCodec(_ state: [UInt8], at offset: Int64) throws(TestFault) {
    let again: [UInt8]
    do {
      again = try decider.bytes(of: decider.decodeState(of: state))
    } catch {
      throw fault(.stateCodec, at: offset, "a state cannot be read back from its bytes: \(error)")
    }
    guard again == state else {
      throw fault(
        .stateCodec, at: offset,
        "a state that was read and written again has other bytes: first '\(state.text)', then '\(again.text)'"
      )
    }
  }

  /// Evolves the state that was never written or read.
  private func fold(
    _ events: [D.Event], of key: [UInt8], expecting expected: [UInt8]?, at offset: Int64
  ) throws(TestFault) {
    let state = events.reduce(folded[key]?.state) { decider.evolve($0, by: $1) }
    folded[key] = Folded(state: state)
    let bytes: [UInt8]?
    do {
      bytes = try state.map { try decider.bytes(of: $0) }
    } catch {
      throw fault(.fold, at: offset, "the state that all events make cannot be encoded: \(error)")
    }
    guard bytes == expected else {
      throw fault(
        .fold, at: offset,
        "all events from the first make the state '\(bytes?.text ?? "none")', but what was kept is "
          + "'\(expected?.text ?? "none")': the state's codec loses something")
    }
  }
}

extension [UInt8] {
  /// The beginning as text, for messages.
  fileprivate var text: String { String(decoding: prefix(300), as: UTF8.self) }
}

extension DirectDecision {
  /// One line for a message.
  fileprivate var summary: String {
    switch answer {
    case .accepted(let events, let state):
      "events \(events.map { "\($0.type) \($0.payload.text)" }) and the state '\(state?.text ?? "none")'"
    case .rejected(let rejection): "rejection \(rejection.code) '\(rejection.reason)'"
    case .failed: "an error"
    case .undecided: "no decision"
    }
  }
}
