import Sequitur
import SequiturJSON
import SequiturTesting
import Testing

/// Deciders that break a promise, each in one way.
@Suite struct BrokenDeciderTests {
  /// Counts, and does one thing wrong.
  struct Broken: JSONDecider {
    enum Fault: Sendable { case none, randomNumber, setOrder, randomReason, setInState, lossyCodec, memory }
    enum Command: Decodable { case add(names: [String]), refuse }
    enum Event: Codable { case added(names: [String]) }
    struct State: Codable {
      var names: [String] = []
      var set: Set<String>?
      /// Is not written.
      var hidden = 0
      enum CodingKeys: String, CodingKey { case names, set }
    }
    final class Memory { var count = 0 }

    let fault: Fault
    let memory = Memory()

    func decide(_ command: Command, on state: State?, in context: borrowing DecisionContext) -> Decision<
      Event
    > {
      memory.count += 1
      guard case .add(let names) = command else {
        return .reject(
          .guardFailed, "No\(fault == .randomReason ? " \(Int.random(in: 0..<1_000_000))" : "").")
      }
      switch fault {
      case .randomNumber: return .accept(.added(names: ["\(Int.random(in: 0..<1_000_000))"]))
      case .setOrder: return .accept(.added(names: Array(Set(names))))
      case .memory: return .accept(.added(names: ["\(memory.count)"]))
      case .lossyCodec: return .accept(.added(names: ["\(state?.hidden ?? 0)"]))
      case .none, .randomReason, .setInState: return .accept(.added(names: names))
      }
    }

    func evolve(_ state: State?, by event: Event) -> State? {
      guard case .added(let names) = event else { return nil }
      var next = state ?? State()
      next.names = names
      if fault == .setInState { next.set = Set(names) }
      if fault == .lossyCodec {
        next.names = ["\(next.hidden)"]
        next.hidden += 1
      }
      return next
    }
  }

  /// The fault that is found in ten commands.
  private func found(_ fault: Broken.Fault) -> TestFault? {
    let driver = TestDriver(Broken(fault: fault))
    do {
      for _ in 0..<10 {
        try driver.send("add", payload: #"{"names":["a","b","c","d","e","f"]}"#, key: "k")
        try driver.send("refuse", key: "k")
      }
      try driver.abort()
      try driver.crash()
      return nil
    } catch {
      return error
    }
  }

  @Test func `a decider that keeps its promises is left alone`() {
    #expect(found(.none) == nil)
  }

  @Test(
    arguments: [
      (.randomNumber, [.nondeterministic]), (.setOrder, [.nondeterministic]),
      (.randomReason, [.nondeterministic]),
      (.memory, [.nondeterministic]), (.setInState, [.nondeterministic, .stateCodec, .fold]),
      (.lossyCodec, [.fold]),
    ] as [(Broken.Fault, Set<TestFault.Kind>)])
  func `a decider that breaks one is found out`(fault: Broken.Fault, kinds: Set<TestFault.Kind>) throws {
    let found = try #require(self.found(fault))
    #expect(kinds.contains(found.kind), "\(found)")
    #expect(found.description.contains("of object 'k'"), "\(found)")
    #expect(found.command.contains("command"), "\(found)")
  }

  @Test func `the order of a set is found out every time`() {
    for _ in 0..<50 { #expect(found(.setOrder)?.kind == .nondeterministic) }
  }
}
