import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// Applications do not write to each other's topics.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct TopicOwnerTests {
    private struct Report: Decodable {
      struct Fault: Decodable {
        let kind: String
        let severity: String
        let topic: String?
        let message: String
        let cure: String
      }
      let faults: [Fault]
      var owners: [Fault] { faults.filter { $0.kind == "owner" } }
    }

    /// What `topics check` says of the topics as those of another application.
    private func check(
      _ topics: TopicFixture, as changes: [String: String]
    ) async throws -> (exit: Int32?, report: Report) {
      var arguments = topics.arguments
      for (flag, value) in changes { arguments[arguments.firstIndex(of: flag)! + 1] = value }
      let result = try await sequitur(["topics", "check", "--json"] + arguments)
      return (
        result.exit == .code(0) ? 0 : result.exit == .code(1) ? 1 : nil, try result.document(Report.self)
      )
    }

    @Test func `each output topic is refused to another application, with the record that says so`()
      async throws
    {
      let log = try AuditLog()
      try log.write([
        log.event(key: "a", version: 1, type: "created", command: 0),
        log.rejection(key: "a", code: "malformed", command: 1),
        log.state(key: "a", version: 1, "{}"), log.checkpoint(2),
      ])
      #expect(try await check(log.topics, as: [:]).exit == 0)
      let (exit, report) = try await check(log.topics, as: ["--application-id": "shop2"])
      #expect(exit == 1)
      let topics = log.topics
      #expect(report.owners.map(\.topic) == [topics.valid, topics.invalid, topics.changelog])
      #expect(report.owners.allSatisfy { $0.severity == "error" })
      let messages = report.owners.map(\.message)
      #expect(
        messages[0].contains(
          "the record \(topics.valid)/0/0 is another's: its ce_source says /\(topics.applicationID)"))
      #expect(messages[1].contains("\(topics.invalid)/0/0 is another's: its rejection-source says"))
      #expect(messages[2].contains("\(topics.changelog)/0/1 is another's: its application says"))
      #expect(
        report.owners[0].cure.contains("--valid-topic") && report.owners[2].cure.contains("--changelog-topic")
      )
    }

    @Test func `without a source the commands topic tells, as in the compact envelope`() async throws {
      let log = try AuditLog()
      var event = log.event(key: "a", version: 1, type: "created", command: 0)
      for name in ["ce_specversion", "ce_source", "ce_subject", "ce_time", "ce_causationid"] {
        event.set(name, nil)
      }
      var rejection = log.rejection(key: "a", code: "malformed", command: 1)
      rejection.set("rejection-source", nil)
      try log.write([event, rejection])
      #expect(try await check(log.topics, as: [:]).report.owners.isEmpty)
      let other = try await check(log.topics, as: ["--commands-topic": TestBroker.uniqueName("commands")])
      #expect(other.report.owners.map(\.topic) == [log.topics.valid, log.topics.invalid])
    }

    @Test func `the same commands for two applications with outputs of their own are right`() async throws {
      let log = try AuditLog()
      try log.write([log.event(key: "a", version: 1, type: "created", command: 0), log.checkpoint(1)])
      let mine = try TopicFixture()
      let result = try await sequitur([
        "topics", "check", "--bootstrap-servers", mine.bootstrap, "--application-id", mine.applicationID,
        "--commands-topic", log.topics.commands, "--valid-topic", mine.valid, "--invalid-topic", mine.invalid,
        "--changelog-topic", mine.changelog,
      ])
      #expect(result.exit == .code(0))
    }

    @Test func `two applications that name no topics share none`() async throws {
      let bootstrap = try TestBroker.bootstrap()
      var created: [Set<Substring>] = []
      for _ in 1...2 {
        let application = TestBroker.uniqueName("shop")
        let result = try await sequitur([
          "topics", "create", "--partitions", "1", "--bootstrap-servers", bootstrap, "--application-id",
          application,
        ])
        #expect(result.exit == .code(0), "\(result)")
        let names = ["commands", "valid", "invalid", "changelog"].map { "created \(application)-\($0)" }
        let lines = Set(result.standardOutput.split(separator: "\n").filter { $0.hasPrefix("created ") })
        #expect(lines == Set(names.map { $0[...] }), "\(result.standardOutput)")
        created.append(lines)
        // A worker that is told no more than the application uses them.
        let verified = try await sequitur([
          "verify", "--bootstrap-servers", bootstrap, "--application-id", application,
        ])
        #expect(verified.exit == .code(0), "\(verified)")
      }
      #expect(created[0].isDisjoint(with: created[1]))
    }

    @Test func `swapped topics are refused, an astray record is a warning`() async throws {
      let log = try AuditLog()
      try log.write([
        log.event(key: "a", version: 1, type: "created", command: 0),
        log.rejection(key: "a", code: "x", command: 1),
      ])
      let swapped = try await check(
        log.topics, as: ["--valid-topic": log.topics.invalid, "--invalid-topic": log.topics.valid])
      #expect(swapped.exit == 1)
      #expect(swapped.report.owners.count == 2)

      let other = try AuditLog()
      try other.write([AuditLog.Output(topic: .valid, key: [1], value: [2], headers: [("mine", "1")])])
      let (exit, report) = try await check(other.topics, as: [:])
      #expect(exit == 0)
      #expect(report.faults.contains { $0.kind == "strayRecord" && $0.severity == "warning" })
    }

    @Test func `an aborted transaction tells as well, behind many others that hold nothing`() async throws {
      let log = try AuditLog()
      try log.write([log.event(key: "a", version: 1, type: "created", command: 0)], commits: false)
      for _ in 0..<3 { try log.write([log.state(key: "b", version: 1, "{}")], commits: false) }
      let (exit, report) = try await check(log.topics, as: ["--application-id": "shop2"])
      #expect(exit == 1)
      #expect(report.owners.map(\.topic) == [log.topics.valid])
    }

    @Test func `a worker does not begin on another's topics, unless it is told to`() async throws {
      let log = try AuditLog()
      try log.write([log.rejection(key: "a", code: "malformed", command: 0)])
      let other = TestBroker.uniqueName("shop2")
      var topics = log.topics.arguments
      topics[topics.firstIndex(of: "--application-id")! + 1] = other
      let arguments = topics
      let yaml = "object: note\nstates: [open]\ncommands: {open: {from: none, to: open, event: opened}}\n"
      try await withFile("rules.yaml", Data(yaml.utf8)) { rules in
        let worker =
          [
            "worker", "--rules", rules, "--state-dir", rules + ".state", "--instance-id", "",
            "--until-caught-up",
          ]
          + arguments
        let refused = try await sequitur(worker)
        #expect(refused.exit == .code(2))
        let text = refused.output.standardError
        #expect(text.contains("\(log.topics.invalid)/0/0 is another's: its rejection-source says"))
        #expect(text.contains("--accept-foreign-records"))
        let accepted = try await sequitur(worker + ["--accept-foreign-records"])
        #expect(accepted.exit == .code(0))
        #expect(accepted.output.standardError.contains("accepted by --accept-foreign-records"))
      }
    }
  }
}
