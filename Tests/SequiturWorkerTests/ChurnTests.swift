import Foundation
import SequiturWorker
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// Many workers, and what can happen to them, against one worker to which nothing happens.
  ///
  ///     SEQUITUR_CHURN_ROUNDS=20 SEQUITUR_CHURN_COMMANDS=100000 SEQUITUR_CHURN_SEED=7 swift test --filter ChurnTests
  @Suite(.enabled(if: TestBroker.isAvailable)) struct ChurnTests {
    @Test func `range and static members: what three workers in trouble do is what one does`() async throws {
      try await expectSameAsOneWorker(Churn.Plan())
    }

    @Test(
      .enabled(
        if: TestBroker.isOutside, "the test broker expires no session and stalls with cooperative-sticky"))
    func `cooperative-sticky and dynamic members: the same`() async throws {
      var plan = Churn.Plan()
      plan.strategy = .cooperativeSticky
      plan.isStatic = false
      try await expectSameAsOneWorker(plan)
    }

    @Test(.enabled(if: TestBroker.isOutside, "the test broker expires no session"))
    func `range and dynamic members: the same`() async throws {
      var plan = Churn.Plan()
      plan.isStatic = false
      try await expectSameAsOneWorker(plan)
    }

    private func expectSameAsOneWorker(_ plan: Churn.Plan) async throws {
      let commands = Churn.commands(plan)
      let many = try await Application(partitions: plan.partitions)
      let rules = try many.writeOrderRules()
      var churn = Churn(plan, many, rules: rules)
      do {
        try await churn.run(commands)
      } catch {
        Issue.record("seed \(plan.seed), after \(churn.history): \(error)")
        return
      }
      let one = try await Application(partitions: plan.partitions)
      try await one.submit(commands)
      try await WorkerProgram.runUntilCaughtUp(one, "single", rules: rules)
      let (found, expected) = (try await Verified(many, rules: rules), try await Verified(one, rules: rules))
      #expect(found.faults == [] && found == expected, "seed \(plan.seed), after \(churn.history)")
      #expect(found.commands == plan.commands)
    }
  }
}

/// What `sequitur verify` says of an application.
struct Verified: Decodable, Equatable {
  let commands: Int
  let events: Int
  let rejections: Int
  let rejectionCodes: [String: Int]
  let objects: Int
  let eventsDigest: String
  let statesDigest: String?
  let faults: [String]

  init(_ application: Application, rules: String) async throws {
    let topics = application.topics
    let result = try await RunningProgram.run(
      WorkerProgram.path(),
      arguments: [
        "verify", "--json", "--rules", rules, "--bootstrap-servers", application.bootstrap,
        "--application-id",
        application.name, "--commands-topic", topics.commands, "--valid-topic", topics.valid,
        "--invalid-topic",
        topics.invalid, "--changelog-topic", topics.changelog,
      ], timeout: .seconds(120))
    do {
      self = try JSONDecoder().decode(Verified.self, from: Data(result.standardOutput.utf8))
    } catch {
      throw ProgramError.ended("verify to print its report", result.output)
    }
  }
}
