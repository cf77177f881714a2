import Foundation
import KafkaClient
import SeededRandom
import SequiturWorker
import TestBroker

/// A test's workers, stopped, killed, frozen and started at random while commands come.
struct Churn {
  /// How the workers are members, and how long it goes on.
  struct Plan: Sendable {
    var strategy = AssignmentStrategy.range
    /// All have instance ids: what was killed comes back under its name, as a StatefulSet's pod does.
    var isStatic = true
    var partitions = 6
    var workers = ["one", "two", "three"]
    /// `SEQUITUR_CHURN_ROUNDS`, `…_SEED`, `…_COMMANDS`; the acceptance run is 20 rounds and 100,000 commands.
    var rounds = Self.number("ROUNDS") ?? 6
    var seed = UInt64(Self.number("SEED") ?? 1)
    var commands = Self.number("COMMANDS") ?? 20_000

    private static func number(_ name: String) -> Int? {
      ProcessInfo.processInfo.environment["SEQUITUR_CHURN_\(name)"].flatMap { Int($0) }
    }
  }

  private enum Status {
    case stopped
    case running(RunningProgram)
    case frozen(RunningProgram)
  }

  let plan: Plan
  let application: Application
  let rules: String
  private var workers: [String: Status] = [:]
  private var generator: SplitMix64
  /// What was done, for the report of a failure.
  private(set) var history: [String] = []

  init(_ plan: Plan, _ application: Application, rules: String) {
    self.plan = plan
    self.application = application
    self.rules = rules
    generator = SplitMix64(seed: plan.seed)
    for name in plan.workers { workers[name] = .stopped }
  }

  /// Goes through all rounds; returns when every command has been processed and all workers have ended.
  mutating func run(_ commands: [Command]) async throws {
    defer { killAll() }
    let portions = commands.portions(plan.rounds + 1)
    try start(plan.workers[0])
    for (round, portion) in portions.enumerated() {
      let before = try await application.progress()
      try await application.submit(portion)
      // The partitions of a worker that is away stand still: go on all the same after a while.
      _ = try? await eventually("some progress", within: .seconds(3)) {
        try await application.progress() > before + Int64(portion.count / 8)
      }
      if round < plan.rounds { try await disturb(round) }
    }
    try wakeAll()
    try await application.caughtUp(within: .seconds(180))
    for name in plan.workers {
      if case .running(let program) = workers[name] { try await program.stopGracefully() }
      workers[name] = .stopped
    }
  }

  private mutating func disturb(_ round: Int) async throws {
    let name = plan.workers.randomElement(using: &generator)!
    let dice = Int.random(in: 0..<4, using: &generator)
    switch (workers[name] ?? .stopped, dice) {
    case (.stopped, _):
      note(round, "start", name)
      try start(name)
    case (.running(let program), 0):
      note(round, "SIGTERM", name)
      try await program.stopGracefully()
      workers[name] = .stopped
    case (.running(let program), 1):
      note(round, "kill -9", name)
      try await program.killAndWait()
      workers[name] = .stopped
    case (.running(let program), 2):
      note(round, "SIGSTOP", name)
      program.suspend()
      workers[name] = .frozen(program)
    case (.running, _):
      guard let other = plan.workers.first(where: { if case .stopped = workers[$0] { true } else { false } })
      else { return }
      note(round, "start", other)
      try start(other)
    case (.frozen(let program), 0):
      note(round, "kill -9 frozen", name)
      try await program.killAndWait()
      workers[name] = .stopped
    case (.frozen(let program), _):
      note(round, "SIGCONT", name)
      program.resume()
      workers[name] = .running(program)
    }
  }

  private mutating func note(_ round: Int, _ what: String, _ name: String) {
    history.append("\(round): \(what) \(name)")
  }

  private mutating func start(_ name: String) throws {
    workers[name] = .running(
      try WorkerProgram.start(
        application, name, rules: rules, isStatic: plan.isStatic,
        [
          "--assignment-strategy", plan.strategy.rawValue, "--session-timeout", "6s", "--heartbeat-interval",
          "1s",
          "--transaction-timeout", "6s",
        ]))
  }

  private mutating func wakeAll() throws {
    for name in plan.workers {
      switch workers[name] {
      case .frozen(let program):
        program.resume()
        workers[name] = .running(program)
      case .running: break
      case .stopped, nil: try start(name)
      }
    }
  }

  private func killAll() {
    for case .running(let program) in workers.values { program.kill() }
    for case .frozen(let program) in workers.values { program.kill() }
  }
}

extension Churn {
  /// Commands on some thousand objects, right ones and wrong ones, as the seed has it.
  static func commands(_ plan: Plan) -> [Command] {
    var generator = SplitMix64(seed: plan.seed &+ 77)
    let objects = max(plan.commands / 20, 1)
    return (0..<plan.commands).map { index in
      let key = "order-\(Int.random(in: 0..<objects, using: &generator))"
      // One in twenty repeats an id.
      let id = "id-\(Int.random(in: 0..<20, using: &generator) == 0 ? index / 2 : index)"
      switch Int.random(in: 0..<20, using: &generator) {
      case 0..<6: return Command(key, "create", #"{"customer":"ada","total":\#(index)}"#, id: id)
      case 6..<16: return Command(key, "amend", #"{"total":\#(index)}"#, id: id)
      case 16: return Command(key, "pay", id: id)
      case 17: return Command(key, "purge", id: id)
      case 18: return Command(key, "amend", #"{"total":-1}"#, id: id)
      default: return Command(key, "amend", "not JSON", id: id)
      }
    }
  }
}
