import Foundation
import LifecycleRules
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// Two workers with different rules, as in a rolling update.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct RollingRulesTests {
    private static let old = """
      object: item
      fields: {total: {type: integer, default: 0}}
      states: [open, closed]
      commands:
        create: {from: none, to: open, event: created}
        add: {from: open, to: same, require: {by: {type: integer, min: 1}}, when: [by < 80], set: {total: state.total + by}, event: {type: added, payload: {total: state.total}}}
        close: {from: open, to: closed, event: closed}
      """
    /// Stricter, with a field and a command more; what the old rules wrote is read, and the other way round.
    private static let new = old.replacing("by < 80", with: "by < 40").replacing(
      "fields: {", with: "fields: {count: {type: integer, default: 0}, "
    ).replacing(
      "set: {total: state.total + by}", with: "set: {total: state.total + by, count: state.count + 1}"
    )
    .replacing("  close:", with: "  reopen: {from: closed, to: open, event: reopened}\n  close:")

    private static func batch(_ number: Int) -> [Command] {
      (0..<40).map { index in
        let key = "k-\((number * 7 + index * 3) % 60)"
        switch (number + index) % 8 {
        case 0: return Command(key, "create")
        case 1: return Command(key, "close")
        case 2: return Command(key, "reopen")
        default: return Command(key, "add", "{\"by\":\((number * 13 + index * 29) % 100)}")
        }
      }
    }

    /// Which deciders have written checkpoints.
    private func deciders(_ application: Application) async throws -> Set<String> {
      let records = try await application.read(application.topics.changelog)
      return Set(records.filter { $0.key?.isEmpty == true }.compactMap { $0.text("decider") })
    }

    @Test func `two workers with different rules under load: verify with both files finds nothing`()
      async throws
    {
      let application = try await Application(partitions: 4)
      let files = try [("old.yaml", Self.old), ("new.yaml", Self.new)].map { name, rules in
        let path = application.folder.appending(path: name)
        try Data(rules.utf8).write(to: path)
        return path.path
      }
      let fingerprints = try [Self.old, Self.new].map { "\(try RulesFile.parse($0, path: "r").fingerprint)" }
      var sent = 0
      func load() async throws {
        try await application.submit(Self.batch(sent))
        sent += 1
      }
      let first = try WorkerProgram.start(application, "one", rules: files[0], isStatic: false)
      defer { first.kill() }
      try await eventually("the old rules to have decided something") {
        try await load()
        return try await deciders(application).contains(fingerprints[0])
      }
      let second = try WorkerProgram.start(application, "two", rules: files[1], isStatic: false)
      defer { second.kill() }
      try await eventually("the new rules to have decided something beside the old ones") {
        try await load()
        return try await deciders(application).contains(fingerprints[1])
      }
      for _ in 0..<20 { try await load() }
      // The rest is the new rules' alone.
      try await first.stopGracefully()
      for _ in 0..<10 { try await load() }
      try await application.caughtUp()
      try await second.stopGracefully()
      let result = try await RunningProgram.run(
        WorkerProgram.path(),
        arguments: [
          "verify", "--json", "--rules", files[0], "--rules", files[1], "--bootstrap-servers",
          application.bootstrap,
          "--application-id", application.name,
        ])
      #expect(result.exit == .code(0), "\(result)")
      let report = try JSONDecoder().decode(Report.self, from: Data(result.standardOutput.utf8))
      #expect(report.faultCount == 0 && report.commands == sent * 40)
      #expect(fingerprints.allSatisfy { report.deciders[$0] ?? 0 > 0 }, "\(report.deciders)")
    }

    private struct Report: Decodable {
      let faultCount, commands: Int
      let deciders: [String: Int]
    }
  }
}
