import Sequitur

/// What a decider makes of one command, asked directly and apart from the engine, to be compared.
struct DirectDecision: Hashable {
  struct Event: Hashable {
    let type: String
    let payload: [UInt8]
  }

  enum Answer: Hashable {
    case accepted([Event], state: [UInt8]?)
    case rejected(Rejection)
    /// The decider, or one of its codecs, threw.
    case failed
    /// Nothing to decide on: malformed or unknown.
    case undecided
  }

  let answer: Answer

  /// Decodes, decides, evolves and encodes.
  ///
  /// - Parameter state: the encoded state before the command; `nil`: no object.
  /// - Returns: the answer in bytes, and the events as they are.
  static func run<D: Decider>(
    _ decider: D, _ record: borrowing CommandRecord, on state: [UInt8]?, version: UInt64
  ) -> (DirectDecision, events: [D.Event]) {
    do {
      let command: D.Command
      switch decider.decode(record) {
      case .command(let decoded): command = decoded
      case .rejected(let rejection): return (DirectDecision(answer: .rejected(rejection)), [])
      case .malformed, .unknownCommand: return (DirectDecision(answer: .undecided), [])
      }
      let before = try state.map { try decider.decodeState(of: $0) }
      let context = DecisionContext(
        key: record.key, position: record.position, timestamp: record.timestamp, version: version)
      switch try decider.decide(command, on: before, in: context) {
      case .reject(let rejection): return (DirectDecision(answer: .rejected(rejection)), [])
      case .accept(let event): return (try apply([event], to: before, decider), [event])
      case .acceptAll(let events): return (try apply(events, to: before, decider), events)
      }
    } catch {
      return (DirectDecision(answer: .failed), [])
    }
  }

  private static func apply<D: Decider>(
    _ events: [D.Event], to state: D.State?, _ decider: D
  ) throws -> DirectDecision {
    var state = state
    var encoded: [Event] = []
    for event in events {
      state = decider.evolve(state, by: event)
      var payload = ByteWriter()
      let type = try decider.encode(event, into: &payload)
      encoded.append(Event(type: type, payload: Array(payload.bytes)))
    }
    return DirectDecision(answer: .accepted(encoded, state: try state.map { try decider.bytes(of: $0) }))
  }
}

extension Decider {
  /// Reads a state from an array.
  func decodeState(of bytes: [UInt8]) throws -> State {
    try bytes.withUnsafeBytes { try decodeState(RawSpan.unsafe($0)) }
  }

  /// A state's bytes as an array.
  func bytes(of state: State) throws -> [UInt8] {
    var writer = ByteWriter()
    try encodeState(state, into: &writer)
    return Array(writer.bytes)
  }
}
