import Foundation
import SequiturWorker
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// A worker that was frozen for so long that others went on with its partitions, and then continues.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct ZombieTests {
    /// The newcomer has the zombie's instance id, and so its transactional ids, on another disk: this is what happens
    /// when a StatefulSet's node is thought dead. No session needs to expire for it.
    @Test
    func `a frozen worker whose id another process took writes nothing, and waits until that one is gone`()
      async throws
    {
      let application = try await Application(partitions: 4)
      let rules = try application.writeOrderRules()
      try await application.submit(RestoreTests.load(0..<2000))
      let zombie = try start(application, "zombie", instance: "one", rules)
      try await middle(application)
      zombie.suspend()
      let newcomer = try start(application, "newcomer", instance: "one", rules)
      defer { for worker in [zombie, newcomer] { worker.kill() } }
      try await application.submit(RestoreTests.amendments(0..<2000))
      try await application.caughtUp()
      zombie.resume()
      try await application.submit(RestoreTests.amendments(0..<2000))
      try await application.caughtUp()
      #expect(zombie.exit == nil, "\(zombie.output.standardError.suffix(2000))")
      try await newcomer.stopGracefully()
      let told = newcomer.output.standardError
      #expect(!told.contains("fenced"), "the zombie took the newcomer's transactional ids: \(told)")
      // Only a broker that ends sessions lets a static member go.
      if TestBroker.isOutside {
        try await application.submit(RestoreTests.amendments(0..<500))
        try await application.caughtUp(within: .seconds(120))
      }
      try await zombie.stopGracefully()
      try await expectNoFault(application)
      #expect(try await Verified(application, rules: rules).faults == [])
    }

    @Test(
      .enabled(if: TestBroker.isOutside, "the test broker expires no session"),
      arguments: AssignmentStrategy.allCases)
    func `a dynamic member that was frozen beyond its session writes nothing under its old ownership`(
      strategy: AssignmentStrategy
    ) async throws {
      let application = try await Application(partitions: 4)
      let rules = try application.writeOrderRules()
      try await application.submit(RestoreTests.load(0..<2000))
      let zombie = try start(application, "zombie", instance: "", rules, strategy)
      try await middle(application)
      zombie.suspend()
      let other = try start(application, "other", instance: "", rules, strategy)
      defer { for worker in [zombie, other] { worker.kill() } }
      try await application.submit(RestoreTests.amendments(0..<2000))
      // All partitions are the other's, so the session was over.
      try await application.caughtUp(within: .seconds(90))
      async let more: Void = application.submit(RestoreTests.amendments(0..<4000))
      zombie.resume()
      try await more
      try await application.caughtUp(within: .seconds(90))
      #expect(zombie.exit == nil)
      for worker in [zombie, other] { try await worker.stopGracefully() }
      try await expectNoFault(application)
      #expect(try await Verified(application, rules: rules).faults == [])
    }

    private func start(
      _ application: Application, _ directory: String, instance: String, _ rules: String,
      _ strategy: AssignmentStrategy = .range
    ) throws -> RunningProgram {
      try WorkerProgram.start(
        application, directory, rules: rules,
        [
          "--instance-id", instance, "--assignment-strategy", strategy.rawValue, "--session-timeout", "6s",
          "--heartbeat-interval", "1s", "--transaction-timeout", "6s",
        ])
    }

    private func middle(_ application: Application) async throws {
      try await eventually("the worker to be in the middle") { try await application.progress() > 200 }
    }
  }
}
