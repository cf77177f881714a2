import Foundation
import KafkaClient
import TestBroker
import Testing

extension SequiturCommandTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct RehearseTests {
    private let rules = PurgedOrders.rules
    private var strictRules: String {
      rules.replacingOccurrences(of: "event: paid}", with: "event: paid, when: [\"state.total > 5\"]}")
    }

    private func decidedLog(
      _ change: (AuditLog, inout [AuditLog.Output]) -> Void = { _, _ in }
    ) throws -> AuditLog {
      let log = try AuditLog()
      try log.submit(PurgedOrders.commands)
      var outputs = PurgedOrders.outputs(log)
      change(log, &outputs)
      try log.write(outputs)
      return log
    }

    private func rehearse(
      _ log: AuditLog, _ rules: String, _ more: [String] = [], expecting code: Int32
    ) async throws -> RehearseReport {
      try await withFile("new.yaml", Data(rules.utf8)) { path in
        let result = try await sequitur(
          ["rehearse", "--json", "--rules", path] + log.topics.arguments + more)
        #expect(result.exit == .code(code), "\(result)")
        return try result.document(RehearseReport.self)
      }
    }

    // MARK: What differs

    @Test func `the same rules differ in nothing`() async throws {
      let report = try await rehearse(decidedLog(), rules, expecting: 0)
      #expect((report.commands, report.differences, report.changes.count) == (7, 0, 0))
      #expect(report.ranges == [.init(partition: 0, start: 0, end: 7, beginsFromState: false)])
      #expect((report.withoutState, report.withoutOutcome, report.pending) == (0, 0, 0))
    }

    @Test func `a stricter guard changes its command, and what follows on the object`() async throws {
      let log = try decidedLog()
      let report = try await rehearse(log, strictRules, expecting: 1)
      #expect(report.differences == 5)
      #expect(
        report.counts == [
          "valid: paid > invalid: guard-failed": 2, "valid: purged > invalid: invalid-transition": 2,
          "valid: created > invalid: invalid-transition": 1,
        ])
      let first = try #require(report.changes.first { $0.to == "invalid: guard-failed" }?.samples.first)
      #expect((first.key, first.position) == ("a", "\(log.topics.commands)/0/1"))
      #expect(first.reason.contains("state.total > 5"))
    }

    @Test
    func `another payload, another type, another number of events and a missing outcome are told apart`()
      async throws
    {
      let payload = try await rehearse(
        decidedLog { log, outputs in
          outputs[0] = log.event(key: "a", version: 1, type: "created", command: 0, value: #"{"total":6}"#)
        }, rules, expecting: 1)
      #expect(payload.counts == ["valid: created > valid: created, with another payload": 1])
      #expect(payload.changes[0].samples[0].reason.contains(#"{"total":6}"#))

      let type = try await rehearse(
        decidedLog { _, outputs in outputs[1].set("ce_type", "settled") }, rules, expecting: 1)
      #expect(type.counts == ["valid: settled > valid: paid": 1])

      let more = try await rehearse(
        decidedLog { log, outputs in
          outputs.insert(log.event(key: "a", version: 3, type: "noted", command: 1, index: 1), at: 2)
        }, rules, expecting: 1)
      #expect(more.counts == ["valid: paid, noted > valid: paid": 1])

      let none = try await rehearse(decidedLog { _, outputs in outputs.remove(at: 1) }, rules, expecting: 1)
      #expect(none.counts == ["none > valid: paid": 1])
    }

    @Test func `a command that was rejected and would be valid says why it was rejected`() async throws {
      let log = try decidedLog { log, outputs in
        outputs[5] = log.rejection(key: "b", code: "x-no", type: "pay", version: 1, command: 5)
        outputs[6] = log.rejection(
          key: "b", code: "invalid-transition", type: "purge", version: 1, command: 6)
        outputs[8] = log.state(key: "b", version: 1, #"{"status":"open","total":1}"#)
      }
      let report = try await rehearse(log, rules, expecting: 1)
      #expect(
        report.counts == [
          "invalid: x-no > valid: paid": 1, "invalid: invalid-transition > valid: purged": 1,
        ])
      #expect(report.changes.allSatisfy { $0.samples[0].reason == "It is so." })
    }

    // MARK: Which commands

    @Test func `commands behind the last checkpoint are pending, and nothing is written`() async throws {
      let log = try decidedLog()
      try log.submit([("c", "create", #"{"total":1}"#)])
      let before = try log.ends()
      let report = try await rehearse(log, strictRules, expecting: 1)
      #expect((report.commands, report.pending) == (7, 1))
      #expect(try log.ends() == before)
    }

    /// In two transactions: [create a, create b] at first; then, an hour later, [pay a, purge a] and [pay b].
    private func laterLog() throws -> AuditLog {
      let log = try AuditLog()
      let early = AuditLog.time - 3_600_000
      try log.submit([("a", "create", #"{"total":5}"#), ("b", "create", #"{"total":1}"#)], at: early)
      try log.write([
        log.event(key: "a", version: 1, type: "created", command: 0, value: #"{"total":5}"#),
        log.event(key: "b", version: 1, type: "created", command: 1, value: #"{"total":1}"#),
        log.state(key: "a", version: 1, #"{"status":"open","total":5}"#),
        log.state(key: "b", version: 1, #"{"status":"open","total":1}"#),
        log.checkpoint(2),
      ])
      try log.submit([("a", "pay", "{}"), ("a", "purge", "{}"), ("b", "pay", "{}")])
      try log.write([
        log.event(key: "a", version: 2, type: "paid", command: 2),
        log.event(key: "a", version: 3, type: "purged", command: 3),
        log.event(key: "b", version: 2, type: "paid", command: 4),
        log.state(key: "a", version: 0, nil),
        log.state(key: "b", version: 2, #"{"status":"paid","total":1}"#),
        log.checkpoint(5),
      ])
      return log
    }

    @Test func `objects older than the range begin with their states`() async throws {
      let log = try laterLog()
      let from = ["--from", "\(AuditLog.time)"]
      let same = try await rehearse(log, rules, from, expecting: 0)
      #expect((same.commands, same.differences, same.withoutState) == (3, 0, 0))
      #expect(same.ranges == [.init(partition: 0, start: 2, end: 5, beginsFromState: true)])
      let strict = try await rehearse(log, strictRules, from, expecting: 1)
      #expect(
        strict.counts == [
          "valid: paid > invalid: guard-failed": 2, "valid: purged > invalid: invalid-transition": 1,
        ])
      let early = try await rehearse(log, strictRules, ["--to", "\(AuditLog.time)"], expecting: 0)
      #expect((early.commands, early.pending) == (2, 0))
    }

    @Test func `an object whose state is not known is left out until a checkpoint or its end tells it`()
      async throws
    {
      let log = try AuditLog()
      let early = AuditLog.time - 3_600_000
      // All of one transaction but the last two: at the range's start nobody can tell what a and b were.
      try log.submit([("a", "create", #"{"total":5}"#), ("b", "create", #"{"total":1}"#)], at: early)
      try log.submit([
        ("a", "pay", "{}"), ("b", "pay", "{}"), ("c", "create", #"{"total":9}"#), ("b", "purge", "{}"),
        ("b", "create", #"{"total":2}"#), ("a", "purge", "{}"),
      ])
      try log.write([
        log.event(key: "a", version: 1, type: "created", command: 0, value: #"{"total":5}"#),
        log.event(key: "b", version: 1, type: "created", command: 1, value: #"{"total":1}"#),
        log.event(key: "a", version: 2, type: "paid", command: 2),
        log.event(key: "b", version: 2, type: "paid", command: 3),
        log.event(key: "c", version: 1, type: "created", command: 4, value: #"{"total":9}"#),
        log.event(key: "b", version: 3, type: "purged", command: 5),
        log.event(key: "b", version: 1, type: "created", command: 6, value: #"{"total":2}"#),
        log.state(key: "a", version: 2, #"{"status":"paid","total":5}"#),
        log.state(key: "b", version: 1, #"{"status":"open","total":2}"#),
        log.state(key: "c", version: 1, #"{"status":"open","total":9}"#),
        log.checkpoint(7),
      ])
      try log.write([
        log.event(key: "a", version: 3, type: "purged", command: 7), log.state(key: "a", version: 0, nil),
        log.checkpoint(8),
      ])
      let report = try await rehearse(log, rules, ["--from", "\(AuditLog.time)"], expecting: 0)
      // Left out: pay a, pay b, purge b. Decided: create c, b's second create, and purge a by the first checkpoint's state.
      #expect((report.withoutState, report.commands, report.differences) == (3, 3, 0))
    }

    // MARK: What is wanted

    @Test func `changes that are wanted end with 0, and those beyond them with 1`() async throws {
      let log = try decidedLog()
      let lists: [(String, Int32)] = [
        ("[{from: '*', to: '*'}]", 0),
        (
          "- {from: 'valid: paid', to: 'invalid: guard-failed', count: 2}\n- {from: 'valid: *', to: '*transition'}",
          0
        ),
        (
          "[{from: 'valid: paid', to: 'invalid: guard-failed', count: 1}, {from: 'valid: *', to: '*transition'}]",
          1
        ),
        ("[{from: 'valid: paid', to: 'invalid: guard-failed'}]", 1),
        ("", 1),
      ]
      for (list, code) in lists {
        _ = try await withFile("allowed.yaml", Data(list.utf8)) { path in
          try await rehearse(log, strictRules, ["--allow", path], expecting: code)
        }
      }
      let report = try await withFile("new.yaml", Data(strictRules.utf8)) { path in
        try await sequitur(["rehearse", "--json", "--rules", path] + log.topics.arguments)
      }
      _ = try await withFile("report.json", Data(report.standardOutput.utf8)) { path in
        try await rehearse(log, strictRules, ["--allow", path], expecting: 0)
      }
    }

    @Test(arguments: [
      ("{from: a}", ":1:1: Expected a list of changes"), ("[1]", ":1:2: Expected a change like"),
      ("- {from: a, too: b}", ":1:13: Expected from, to"), ("- {from: a}", ":1:3: Expected from and to"),
      ("- {from: a, to: b, count: many}", ":1:27: Expected count"), ("- {from: [", "Expected YAML or JSON"),
    ])
    func `a list of wanted changes that cannot be read is refused, with its place`(
      list: String, message: String
    )
      async throws
    {
      try await withFile("allowed.yaml", Data(list.utf8)) { path in
        try await withFile("new.yaml", Data(rules.utf8)) { rules in
          let result = try await sequitur(["rehearse", "--rules", rules, "--allow", path])
          #expect(result.exit == .code(2))
          #expect(result.standardError.contains(message), "\(result.standardError)")
        }
      }
    }

    @Test func `wrong usage and missing topics are said`() async throws {
      let without = try await sequitur(["rehearse"])
      #expect(without.exit == .code(2))
      #expect(without.standardError.contains("Expected --rules FILE"))
      let missing = try TopicFixture(creates: false)
      try await withFile("new.yaml", Data(rules.utf8)) { path in
        let time = try await sequitur(["rehearse", "--rules", path, "--from", "yesterday"])
        #expect(time.exit == .code(2))
        #expect(time.standardError.contains("Expected --from to be a time like"))
        let order = try await sequitur(
          ["rehearse", "--rules", path, "--from", "2", "--to", "1"] + missing.arguments)
        #expect(order.exit == .code(2))
        let topics = try await sequitur(["rehearse", "--rules", path] + missing.arguments)
        #expect(topics.exit == .code(2))
        #expect(topics.standardError.contains(missing.commands))
      }
    }

    @Test
    func `topics of which no checkpoint stands for the outcomes are refused, and not passed as undecided`()
      async throws
    {
      let log = try decidedLog()
      let other = try decidedLog()
      let empty = try TopicFixture()
      try await withFile("new.yaml", Data(strictRules.utf8)) { path in
        for (changelog, reason) in [
          (other.topics.valid, "Expected a checkpoint on \(other.topics.valid)/0"),
          (empty.changelog, "Expected a checkpoint on \(empty.changelog)/0"),
          (other.topics.commands, "Expected a checkpoint on \(other.topics.commands)/0"),
          (other.topics.changelog, "is of \(other.topics.commands)."),
        ] {
          let result = try await sequitur(
            ["rehearse", "--rules", path] + log.topics.arguments + ["--changelog-topic", changelog])
          #expect(result.exit == .code(2), "\(changelog): \(result)")
          #expect(result.standardError.contains(reason), "\(result.standardError)")
          #expect(result.standardError.contains("--changelog-topic"))
        }
        let history = try await sequitur(
          ["history", "a"] + log.topics.arguments + ["--changelog-topic", other.topics.changelog])
        #expect(history.exit == .code(2))
        #expect(history.standardError.contains("is of \(other.topics.commands)."), "\(history.standardError)")
      }
    }

    @Test func `what no worker has decided yet is pending, and so is what was rolled back`() async throws {
      let log = try AuditLog()
      try log.submit(PurgedOrders.commands)
      let fresh = try await rehearse(log, strictRules, expecting: 0)
      #expect((fresh.commands, fresh.pending) == (0, 7))
      try log.write(PurgedOrders.outputs(log), commits: false)
      let rolledBack = try await rehearse(log, strictRules, expecting: 0)
      #expect((rolledBack.commands, rolledBack.pending) == (0, 7))
    }

    @Test
    func `a changelog that cannot be read, and a directory that takes nothing, are told with what to do`()
      async throws
    {
      let log = try laterLog()
      try await withFile("new.yaml", Data(rules.utf8)) { path in
        let scratch = try await sequitur(
          ["rehearse", "--rules", path, "--from", "\(AuditLog.time)", "--scratch-dir", "/proc"]
            + log.topics.arguments)
        #expect(scratch.exit == .code(2))
        #expect(
          scratch.standardError.hasPrefix("Expected to open the database at /proc/"),
          "\(scratch.standardError)")
        #expect(scratch.standardError.contains("--scratch-dir"), "\(scratch.standardError)")

        try log.write([
          AuditLog.Output(
            topic: .changelog, key: [], value: Array("{}".utf8), headers: [])
        ])
        for command in [["rehearse", "--from", "\(AuditLog.time)"], ["history", "a"]] {
          let result = try await sequitur(command + ["--rules", path] + log.topics.arguments)
          #expect(result.exit == .code(1), "\(result)")
          #expect(
            result.standardError.hasPrefix("Expected to decode the changelog record at offset"),
            "\(result.standardError)")
          #expect(result.standardError.contains("Only Sequitur may write to the changelog."))
        }
      }
    }

    @Test func `the report for people names changes, samples and what was left out`() async throws {
      let log = try decidedLog()
      try log.submit([("c", "create", #"{"total":1}"#)])
      try await withFile("new.yaml", Data(strictRules.utf8)) { path in
        let result = try await sequitur(
          ["rehearse", "--rules", path, "--samples", "1"] + log.topics.arguments)
        #expect(result.exit == .code(1))
        let lines = result.standardOutput.split(separator: "\n").map(String.init)
        #expect(
          lines.prefix(3) == [
            "commands     7", "differences  5", "pending      1 (no worker has decided them)",
          ])
        #expect(lines.contains("2 × valid: paid → invalid: guard-failed"))
        #expect(lines.contains { $0.hasPrefix("  a at \(log.topics.commands)/0/1: The command `pay`") })
      }
    }
  }
}

/// `rehearse --json`.
struct RehearseReport: Decodable {
  struct Change: Decodable {
    let from: String
    let to: String
    let count: Int
    let samples: [Sample]
  }

  struct Sample: Decodable {
    let key: String
    let position: String
    let reason: String
  }

  struct Range: Decodable, Equatable {
    let partition: Int
    let start: Int
    let end: Int
    let beginsFromState: Bool
  }

  let commands: Int
  let differences: Int
  let changes: [Change]
  let withoutState: Int
  let withoutOutcome: Int
  let pending: Int
  let ranges: [Range]

  var counts: [String: Int] {
    Dictionary(uniqueKeysWithValues: changes.map { ("\($0.from) > \($0.to)", $0.count) })
  }
}

extension AuditLog {
  /// The ends of the four topics.
  func ends() throws -> [Int64] {
    let admin = try KafkaAdmin(configuration: topics.client, logger: quiet)
    return try [topics.commands, topics.valid, topics.invalid, topics.changelog].map {
      try admin.watermarks(topic: $0, partition: 0, timeout: .seconds(10)).high
    }
  }
}
