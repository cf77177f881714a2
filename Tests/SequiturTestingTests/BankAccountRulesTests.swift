@testable import BankAccount
import Foundation
import LifecycleRules
import Sequitur
import SequiturTesting
import TestBroker
import Testing

/// The bank account in rules decides as the one in Swift does.
struct BankAccountRulesTests {
  /// `SEQUITUR_BANK_COMMANDS=100000 swift test …` takes longer.
  private static let count =
    ProcessInfo.processInfo.environment["SEQUITUR_BANK_COMMANDS"].flatMap { Int($0) } ?? 10_000

  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 33)
    }
  }

  private struct Command {
    let key: Int
    let type: String
    let payload: String
  }

  /// Mostly deposits and withdrawals, some too large, some on accounts that are not there.
  private static func command(_ random: inout Generator) -> Command {
    let key = Int.random(in: 0..<200, using: &random)
    let amounts: [UInt32] = [
      0, 1, .max, .random(in: 0...100, using: &random), .random(in: 0...10_000, using: &random),
    ]
    let payload = "{\"amount\":\(amounts.randomElement(using: &random)!)}"
    switch Int.random(in: 0..<20, using: &random) {
    case 0...1: return Command(key: key, type: "open", payload: #"{"owner":"Ann"}"#)
    case 2: return Command(key: key, type: "close", payload: "{}")
    case 3...10: return Command(key: key, type: "deposit", payload: payload)
    default: return Command(key: key, type: "withdraw", payload: payload)
    }
  }

  /// Decides commands one after the other, as a partition does.
  private struct Bank<D: Decider> {
    let decider: D
    private(set) var states: [Int: D.State] = [:]
    private(set) var versions: [Int: UInt64] = [:]

    init(_ decider: D) { self.decider = decider }

    /// The event's type, or the rejection's code.
    mutating func send(_ command: Command) throws -> String {
      try withRecord(command) { [decider] record, state, version in
        let decoded = decider.decode(record)
        if case .rejected(let rejection) = decoded { return (rejection.code.rawValue, state, false) }
        guard case .command(let known) = decoded else { return ("unknown", state, false) }
        let context = DecisionContext(
          key: record.key, position: record.position, timestamp: record.timestamp, version: version)
        switch try decider.decide(known, on: state, in: context) {
        case .reject(let rejection): return (rejection.code.rawValue, state, false)
        case .acceptAll: return ("several", state, false)
        case .accept(let event):
          var payload = ByteWriter()
          return (try decider.encode(event, into: &payload), decider.evolve(state, by: event), true)
        }
      }
    }

    private mutating func withRecord(
      _ command: Command,
      _ body: (borrowing CommandRecord, D.State?, UInt64) throws -> (String, D.State?, Bool)
    ) throws -> String {
      let key = Array("\(command.key)".utf8)
      let name = Array("ce_type".utf8)
      let (outcome, state, isAccepted) = try name.withUnsafeBytes { name in
        try Array(command.type.utf8).withUnsafeBytes { type in
          try withUnsafePointer(to: RecordHeader(name: name, value: type)) { header in
            try Array(command.payload.utf8).withUnsafeBytes { payload in
              try key.withUnsafeBytes { key in
                let record = CommandRecord(
                  unsafeKey: key, payload: payload, headers: UnsafeBufferPointer(start: header, count: 1),
                  position: CommandPosition(partition: 0, offset: 0), timestamp: 0)
                return try body(record, states[command.key], versions[command.key] ?? 0)
              }
            }
          }
        }
      }
      guard isAccepted else { return outcome }
      states[command.key] = state
      versions[command.key] = state == nil ? 0 : (versions[command.key] ?? 0) + 1
      return outcome
    }
  }

  @Test func `the rules give the codes, versions and balances of the Swift decider`() throws {
    let path = PackageRoot.url.appending(path: "Examples/Rules/bank-account.yaml").path
    var rules = Bank(LifecycleDecider(try RulesFile.read(path: path)))
    var swift = Bank(BankAccount())
    var random = Generator(state: 1)
    var outcomes: [String: Int] = [:]
    for index in 0..<Self.count {
      let command = Self.command(&random)
      let expected = try swift.send(command)
      let found = try rules.send(command)
      try #require(found == expected, "command \(index): \(command)")
      outcomes[found, default: 0] += 1
      try #require(rules.versions[command.key] == swift.versions[command.key], "command \(index)")
      let balance = try rules.states[command.key].map { state in
        var bytes = ByteWriter()
        rules.decider.encodeState(state, into: &bytes)
        return try JSONDecoder().decode(Balance.self, from: Data(bytes.bytes)).balance
      }
      try #require(balance == swift.states[command.key]?.balance, "command \(index)")
    }
    let expected = [
      "opened", "deposited", "withdrawn", "closed", "not-found", "invalid-transition", "x-overdraft",
    ]
    #expect(Set(outcomes.keys) == Set(expected), "\(outcomes)")
  }

  private struct Balance: Decodable {
    let balance: UInt64
  }

  @Test func `rules keep what a decider promises, through crashes and moves, at the times they are sent`()
    throws
  {
    let path = PackageRoot.url.appending(path: "Examples/Rules/seat.yaml").path
    let rules = try RulesFile.read(path: path)
    let seats = TestDriver(LifecycleDecider(rules))
    let start: Int64 = 1_767_225_600_000
    #expect(try seats.send("open", payload: "{}", key: "1").types == ["opened"])
    #expect(try seats.send("hold", payload: #"{"holder":"Ann"}"#, key: "1", at: start).types == ["held"])
    try seats.crash()
    let held = try seats.send("hold", payload: #"{"holder":"Bob"}"#, key: "1", at: start + 599_999)
    #expect(held.code == "x-seat-held")
    #expect(held.rejection?.reason == "The seat is held until 2026-01-01T00:10:00.000Z.")
    let taken = try seats.send("hold", payload: #"{"holder":"Bob"}"#, key: "1", at: start + 600_000)
    #expect(taken.types == ["holdEnded", "held"])
    #expect(taken.events.last?.payloadText == #"{"holder":"Bob","until":1767226800000}"#)
    #expect(seats.version(of: "1") == 4)
    try seats.abort()
    try seats.rebalance()
    #expect(
      try seats.send("book", payload: #"{"holder":"Bob"}"#, key: "1", at: start + 600_001).types == ["booked"]
    )
  }
}
