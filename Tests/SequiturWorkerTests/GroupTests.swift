import Foundation
import SeededRandom
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// Several workers as processes. All have instance ids: what is killed comes back, as a StatefulSet's pod does.
  @Suite(.enabled(if: Incidents.areAvailable)) struct GroupTests {
    @Test func `two workers share the partitions, come and go, and the result is exactly right`() async throws
    {
      try await churn(["one", "two"], partitions: 4, rounds: 4, seed: 1)
    }

    @Test func `three workers are stopped and killed at random, and the result is exactly right`()
      async throws
    {
      try await churn(["one", "two", "three"], partitions: 6, rounds: 7, seed: 2)
    }

    /// Starts the workers one after the other while the commands come, then in each round stops or kills one in
    /// the middle of a portion and starts it again.
    private func churn(_ instances: [String], partitions: Int, rounds: Int, seed: UInt64) async throws {
      let application = try await Application(partitions: partitions)
      let portions = try await Incidents.commands().portions(rounds + instances.count)
      var generator = SplitMix64(seed: seed)
      var workers: [String: RunningProgram] = [:]
      defer { for worker in workers.values { worker.kill() } }
      for (round, portion) in portions.enumerated() {
        if round < instances.count {
          workers[instances[round]] = try start(application, instances[round])
          try await submit(portion, to: application)
          continue
        }
        try await submit(portion, to: application)
        let instance = instances[Int.random(in: 0..<instances.count, using: &generator)]
        guard let worker = workers[instance] else { continue }
        if Bool.random(using: &generator) {
          try await worker.stopGracefully()
        } else {
          try await worker.killAndWait()
        }
        workers[instance] = try start(application, instance)
      }
      try await application.caughtUp(within: .seconds(90))
      for worker in workers.values { try await worker.stopGracefully() }
      try await expectIncidents(application)
    }

    private func start(_ application: Application, _ instance: String) throws -> RunningProgram {
      try WorkerProgram.start(application, instance, rules: Incidents.rules)
    }

    /// Sends a portion; returns as soon as some of it has been processed, or all was sent.
    private func submit(_ portion: [Command], to application: Application) async throws {
      let before = try await application.progress()
      async let sent: Void = application.submit(portion)
      try await eventually("the workers to be in the middle of a portion") {
        try await application.progress() > before + Int64(portion.count / 8)
      }
      try await sent
    }
  }
}
