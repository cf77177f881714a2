import Foundation
import KafkaClient
import LifecycleRules
import Sequitur
import SequiturWorker
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// Real commands, decided by a real worker, and then again by other rules.
  @Suite(.enabled(if: Incidents.areAvailable)) struct RehearsalTests {
    private struct Expected: Decodable {
      let commands: Int
      let changes: [String: [String]]
    }

    @Test func `the same rules change nothing, others what an independent program says`() async throws {
      let application = try await decided()
      let same = try await rehearse(application, try rules("same"))
      #expect((same.commands, same.differences) == (65_533, 0))
      #expect((same.withoutState, same.withoutOutcome, same.pending) == (0, 0, 0))
      for variant in ["strict", "renamed"] {
        let expected = try await expected(variant)
        let report = try await rehearse(application, try rules(variant))
        #expect(report.commands == expected.commands)
        #expect(report.differences == expected.changes.values.reduce(0) { $0 + $1.count })
        let found = Dictionary(
          uniqueKeysWithValues: report.changes.map {
            ("\($0.from) -> \($0.to)", $0.samples.map(\.key).sorted())
          })
        #expect(found == expected.changes.mapValues { $0.sorted() })
        #expect(report.changes.allSatisfy { $0.samples.count == $0.count })
      }
      try await expectProgram(application, "same", exit: 0)
      try await expectProgram(application, "strict", exit: 1)
    }

    @Test func `any number of lanes gives the same report`() async throws {
      let application = try await decided()
      let rules = try rules("strict")
      var texts: [String] = []
      for lanes in [1, 2, 7] {
        let report = try await rehearse(application, rules) { configuration in
          configuration.lanes = lanes
          configuration.samplesMax = 3
        }
        #expect(report.ranges.map(\.partition) == [0, 1, 2, 3])
        #expect(report.changes.allSatisfy { $0.samples.count == min($0.count, 3) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        texts.append(String(decoding: try encoder.encode(report), as: UTF8.self))
      }
      #expect(Set(texts).count == 1)
    }

    /// The same through the program, in little memory for many objects.
    private func expectProgram(_ application: Application, _ variant: String, exit: Int32) async throws {
      let topics = application.topics
      let path = application.folder.appending(path: "\(variant).yaml")
      try Data(rulesText(variant).utf8).write(to: path)
      let arguments = [
        "rehearse", "--json", "--memory", "32MB", "--samples", "0", "--rules", path.path,
        "--bootstrap-servers", application.bootstrap, "--application-id", application.name,
        "--commands-topic", topics.commands, "--valid-topic", topics.valid, "--invalid-topic", topics.invalid,
        "--changelog-topic", topics.changelog,
      ]
      let result = try await RunningProgram.run(
        try WorkerProgram.path(), arguments: arguments, timeout: .seconds(90))
      #expect(result.exit == .code(exit), "\(result.standardError)")
      let report = try JSONDecoder().decode(Report.self, from: Data(result.standardOutput.utf8))
      let expected = try await expected(variant)
      #expect(report.commands == expected.commands)
      #expect(
        Dictionary(uniqueKeysWithValues: report.changes.map { ("\($0.from) -> \($0.to)", $0.count) })
          == expected.changes.mapValues(\.count))
    }

    private struct Report: Decodable {
      struct Change: Decodable {
        let from, to: String
        let count: Int
      }
      let commands: Int
      let changes: [Change]
    }

    @Test func `a topic whose beginning is gone begins from state`() async throws {
      let application = try await Application(partitions: 4)
      let portions = try await Incidents.commands().portions(2)
      for portion in portions {
        try await application.submit(portion)
        try await WorkerProgram.runUntilCaughtUp(application, "one", rules: Incidents.rules)
      }
      let ends = try await application.ends(application.topics.commands)
      let cut = try await cutBeginning(application, ends.mapValues { $0 / 3 })
      let left = zip(ends.sorted { $0.key < $1.key }, cut.sorted { $0.key < $1.key })
        .reduce(0) { $0 + $1.0.value - $1.1.value }
      let same = try await rehearse(application, try rules("same"))
      #expect(same.differences == 0)
      #expect(same.commands + same.withoutState == Int(left))
      // Only objects that commands of one transaction changed on both sides of the cut are not known.
      #expect(same.withoutState < Int(left) / 4)
      #expect(same.ranges.allSatisfy { $0.beginsFromState && $0.start == cut[$0.partition] })
      #expect(same.notes.filter { $0.contains("the beginning is gone") }.count == 4)
    }

    /// Deletes each partition's records before an offset; the test broker cannot, and cancels the test.
    private func cutBeginning(
      _ application: Application, _ offsets: [Int32: Int64]
    ) async throws -> [Int32: Int64] {
      do {
        return try await onThread {
          let positions = offsets.map {
            TopicPartitionOffset(topic: application.topics.commands, partition: $0.key, offset: $0.value)
          }
          return try application.admin.deleteRecords(before: positions, timeout: .seconds(20))
            .reduce(into: [:]) { $0[$1.key.partition] = $1.value }
        }
      } catch  where !TestBroker.isOutside {
        try Test.cancel("The test broker cannot do this: \(error)")
      }
    }

    /// All incidents, decided by a worker.
    private func decided() async throws -> Application {
      let application = try await Application(partitions: 4)
      try await application.submit(Incidents.commands())
      try await WorkerProgram.runUntilCaughtUp(application, "one", rules: Incidents.rules)
      return application
    }

    private func rehearse(
      _ application: Application, _ rules: Rules, _ change: (inout RehearsalConfiguration) -> Void = { _ in }
    ) async throws -> RehearsalReport {
      var configuration = RehearsalConfiguration(applicationID: application.name)
      configuration.bootstrapServers = application.bootstrap
      configuration.topics = application.topics
      configuration.samplesMax = RehearsalConfiguration.samplesLimit
      change(&configuration)
      return try await Rehearsal(configuration, logger: quiet) { LifecycleDecider(rules) }.run()
    }

    private func expected(_ variant: String) async throws -> Expected {
      let program = PackageRoot.url.appending(path: "Tests/SequiturWorkerTests/Rehearsal/incident_changes.py")
        .path
      let data = URL(filePath: Incidents.rules).deletingLastPathComponent().appending(
        path: "incidents.jsonl.gz")
      let result = try await RunningProgram.run("python3", arguments: ["-B", program, data.path, variant])
      try #require(result.exit == .code(0), "\(result.standardError)")
      return try JSONDecoder().decode(Expected.self, from: Data(result.standardOutput.utf8))
    }

    /// What `incident_changes.py` does to the lifecycle, done to its file.
    private func rules(_ variant: String) throws -> Rules {
      try RulesFile.parse(rulesText(variant), path: "incidents.yaml")
    }

    private func rulesText(_ variant: String) throws -> String {
      var text = try String(contentsOfFile: Incidents.rules, encoding: .utf8)
      let changes: [(String, String)] =
        switch variant {
        case "strict":
          [
            ("from: [active, resolved]", "from: [resolved]"), ("    require: {reason: string}\n", ""),
            ("from: [active, assigned, waiting, queued]", "from: [active, assigned, waiting]"),
          ]
        case "renamed":
          [
            ("event: assigned", "event: handed-over"),
            (
              "from: [none, active, queued, assigned, waiting, resolved]",
              "from: [none, active, queued, assigned, waiting, resolved, closed]"
            ),
          ]
        default: []
        }
      for (old, new) in changes {
        try #require(text.contains(old))
        text = text.replacingOccurrences(of: old, with: new)
      }
      return text
    }
  }
}
