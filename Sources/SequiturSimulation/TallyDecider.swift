import Sequitur

/// The objects of simulated worlds: numbers that are added to, taken from, and forgotten.
///
/// Small, but with a guard, commands of several events, forgetting, malformed and unknown commands.
struct TallyDecider: Decider {
  enum Command: Equatable {
    case add(Int)
    case addTwice(Int)
    case take(Int)
    case forget
  }

  enum Event: Equatable {
    case added(Int)
    case taken(Int)
    case forgotten
  }

  func decode(_ record: borrowing CommandRecord) -> Decoded<Command> {
    Self.decode(record.unsafePayload.map { String(decoding: $0, as: UTF8.self) } ?? "")
  }

  static func decode(_ text: String) -> Decoded<Command> {
    let words = text.split(separator: " ")
    let amount = words.count > 1 ? Int(words[1]) : nil
    switch (words.first ?? "", amount) {
    case ("add", let amount?): return .command(.add(amount))
    case ("twice", let amount?): return .command(.addTwice(amount))
    case ("take", let amount?): return .command(.take(amount))
    case ("forget", nil): return .command(.forget)
    case ("add", nil), ("twice", nil), ("take", nil): return .malformed("an amount is missing")
    default: return .unknownCommand("there is no such command")
    }
  }

  func decide(
    _ command: Command, on state: Int?, in context: borrowing DecisionContext
  ) -> Decision<Event> { Self.decide(command, on: state) }

  static func decide(_ command: Command, on state: Int?) -> Decision<Event> {
    switch command {
    case .add(let amount): return .accept(.added(amount))
    case .addTwice(let amount): return .acceptAll([.added(amount), .added(amount)])
    case .take(let amount):
      guard let state else { return .reject(.notFound, "there is nothing") }
      guard state >= amount else { return .reject(.guardFailed, "there is too little") }
      return .accept(.taken(amount))
    case .forget: return state == nil ? .reject(.notFound, "there is nothing") : .accept(.forgotten)
    }
  }

  func evolve(_ state: Int?, by event: Event) -> Int? {
    switch event {
    case .added(let amount): (state ?? 0) + amount
    case .taken(let amount): (state ?? 0) - amount
    case .forgotten: nil
    }
  }

  func encode(_ event: Event, into payload: inout ByteWriter) -> String {
    switch event {
    case .added(let amount), .taken(let amount): payload.append(decimal: Int64(amount))
    case .forgotten: break
    }
    return Self.type(of: event)
  }

  static func type(of event: Event) -> String {
    switch event {
    case .added: "added"
    case .taken: "taken"
    case .forgotten: "forgotten"
    }
  }

  func decodeState(_ bytes: RawSpan) -> Int {
    bytes.withUnsafeBytes { Int(String(decoding: $0, as: UTF8.self)) ?? .min }
  }

  func encodeState(_ state: Int, into bytes: inout ByteWriter) { bytes.append(decimal: Int64(state)) }
}
