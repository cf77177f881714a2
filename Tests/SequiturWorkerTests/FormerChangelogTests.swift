import Foundation
import KafkaClient
import LifecycleRules
import RocksDB
import Sequitur
import TestBroker
import Testing

@testable import SequiturWorker

extension SequiturWorkerTests {
  /// Stores and changelogs of versions that wrote less into them.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct FormerChangelogTests {
    /// What a former version wrote.
    enum Age: CaseIterable, Sendable, CustomTestStringConvertible {
      /// Which rules decided, it did not say.
      case withoutDecider
      /// Nor could a changelog or a commands topic be told from another of its name.
      case withoutIdentity
      /// Nor was anything kept of an object that was forgotten.
      case withoutGraves

      var testDescription: String { "\(self)" }

      /// Headers of checkpoints that it did not write.
      var missing: Set<String> {
        self == .withoutDecider
          ? ["decider", "state-forms"]
          : ["decider", "state-forms", "incarnation", "last-command", "position-moves"]
      }
    }

    private static let said = "the changelog does not say what decided"

    /// An application whose object `a` is open, and `gone` was purged.
    private func decided() async throws -> Application {
      let application = try await Application()
      try await application.submit(
        .create("a", total: 5), .create("gone"), Command("gone", "purge"), .amend("a", total: 7))
      try await WorkerInProcess.runUntilCaughtUp(application.configuration())
      return application
    }

    /// Writes the changelog once more as the former version did, to a topic of its own; a worker's configuration for
    /// it.
    private func rewritten(
      _ application: Application, _ age: Age
    ) async throws -> WorkerConfiguration {
      let records = try await application.read(application.topics.changelog)
      var configuration = application.configuration()
      configuration.topics.changelog += "-former"
      let former = configuration.topics.changelog
      try await onThread {
        let topic = NewTopic(
          name: former, partitions: 1, replicationFactor: 1, configuration: ["cleanup.policy": "compact"])
        for result in try application.admin.createTopics([topic], timeout: .seconds(20)) {
          if let error = result.error { throw error }
        }
      }
      let copies = records.map { record in
        var headers = record.headers
        if record.key?.isEmpty == true { headers.removeAll { age.missing.contains($0.name) } }
        if age == .withoutGraves, record.value == nil { headers = [] }
        return Command(key: record.key, payload: record.value, headers: headers, partition: 0)
      }
      let checkpoints = copies.filter { $0.key?.isEmpty == true }
      #expect(
        !checkpoints.isEmpty && checkpoints.allSatisfy { !$0.headers.contains { $0.name == "decider" } })
      try await eventually("the topic to be there") {
        do {
          try await application.submit(copies, to: former)
          return true
        } catch let error as KafkaError where error.code == .unknownTopicOrPartition {
          return false
        }
      }
      try FileManager.default.removeItem(at: application.stateDirectory("one"))
      return configuration
    }

    @Test(arguments: Age.allCases)
    func `a worker goes on from a former version's changelog, and says what it does not tell`(_ age: Age)
      async throws
    {
      let application = try await decided()
      let configuration = try await rewritten(application, age)
      try await application.submit(Command("a", "pay"), .create("gone"))
      let worker = try await WorkerInProcess.runUntilCaughtUp(configuration)
      let lines = worker.log.lines.filter { $0.message.hasPrefix(Self.said) }
      #expect(lines.map(\.level) == [.notice], "\(worker.log.lines)")
      #expect(lines.first?.metadata["now"]?.hasPrefix("order@1/") == true)
      #expect(worker.log.lines.allSatisfy { $0.level < .error }, "\(worker.log.lines)")

      let events = try await application.read(application.topics.valid)
      #expect(
        events.map { "\($0.text("ce_type") ?? "") \($0.text("ce_sequence") ?? "")" } == [
          "created 1", "created 1", "purged 2", "amended 2", "paid 3", "created 1",
        ])
      // From now on it is told.
      let last = try await changelog(application, configuration).last { $0.key?.isEmpty == true }
      #expect(last?.text("decider") == lines.first?.metadata["now"])
      #expect(last?.text("state-forms") != nil)
      try await application.submit(.amend("gone", total: 2))
      let next = try await WorkerInProcess.runUntilCaughtUp(configuration)
      #expect(next.log.lines.allSatisfy { !$0.message.hasPrefix(Self.said) })
      try await expectVerified(application, configuration)
    }

    @Test func `rules that cannot read a former version's states are found by the first command`()
      async throws
    {
      let application = try await decided()
      let configuration = try await rewritten(application, .withoutDecider)
      try await application.submit(Command("a", "pay"))
      let rules = try RulesFile.parse(
        orderRules.replacing("open", with: "begun"), path: "r")
      let worker = try await WorkerInProcess.runUntilCaughtUp(configuration) { LifecycleDecider(rules) }
      #expect(worker.log.lines.contains { $0.message.hasPrefix(Self.said) })
      #expect(worker.log.lines.contains { $0.level == .error && $0.message.hasPrefix("the decider failed") })
      let rejections = try await application.read(application.topics.invalid)
      #expect(rejections.map { $0.text("rejection-code") } == ["decider-error"])
    }

    @Test func `a store whose header names no decider is gone on with`() async throws {
      let application = try await decided()
      try await onThread {
        let path = StateDirectory.storePath(in: application.stateDirectory("one").path)
        let database = try Database(path: path, options: DatabaseOptions())
        var header = try #require(try StateDirectory.readHeader(database))
        (header.decider, header.definition) = (nil, nil)
        try StateDirectory.write(header, to: database)
        database.close()
      }
      try await application.submit(Command("a", "pay"))
      let worker = try await WorkerInProcess.runUntilCaughtUp(application.configuration())
      #expect(worker.log.lines.allSatisfy { $0.level < .warning }, "\(worker.log.lines)")
      let events = try await application.read(application.topics.valid)
      #expect(events.last?.text("ce_type") == "paid" && events.last?.text("ce_sequence") == "3")
    }

    private func changelog(
      _ application: Application, _ configuration: WorkerConfiguration
    ) async throws -> [Record] {
      try await application.read(configuration.topics.changelog)
    }

    private func expectVerified(
      _ application: Application, _ configuration: WorkerConfiguration
    ) async throws {
      let topics = configuration.topics
      let result = try await RunningProgram.run(
        try BuiltProgram.find("sequitur"),
        arguments: [
          "verify", "--rules", try application.writeOrderRules(), "--bootstrap-servers",
          application.bootstrap,
          "--application-id", application.name, "--commands-topic", topics.commands, "--valid-topic",
          topics.valid, "--invalid-topic", topics.invalid, "--changelog-topic", topics.changelog,
        ])
      #expect(result.exit == .code(0), "\(result.standardOutput)")
    }
  }
}
