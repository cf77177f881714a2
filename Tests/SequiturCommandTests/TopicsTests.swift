import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct TopicsTests {
    private struct Report: Decodable {
      struct Fault: Decodable {
        let kind: String
        let topic: String?
        let cure: String
      }
      let valid: Bool
      let partitions: Int?
      let messageBytesMax: Int
      let created: [String]
      let faults: [Fault]
    }

    @Test func `missing topics are all named, then created, then fit for use`() async throws {
      let topics = try TopicFixture(creates: false)
      let missing = try await sequitur(["topics", "check", "--json"] + topics.arguments)
      #expect(missing.exit == .code(1))
      let faults = try missing.document(Report.self).faults
      #expect(faults.map(\.topic) == [topics.commands, topics.valid, topics.invalid, topics.changelog])
      #expect(faults.allSatisfy { $0.kind == "missing" && !$0.cure.isEmpty })

      let created = try await sequitur(
        ["topics", "create", "--json", "--partitions", "3"] + topics.arguments)
      #expect(created.exit == .code(0))
      let report = try created.document(Report.self)
      #expect(report.valid)
      #expect(report.created.count == 4)
      #expect(report.partitions == 3)
      #expect(report.messageBytesMax > 0)

      #expect(try await sequitur(["topics", "check"] + topics.arguments).exit == .code(0))
      let again = try await sequitur(["topics", "create", "--partitions", "3"] + topics.arguments)
      #expect(again.exit == .code(0))
    }

    @Test func `topics of another shape are left alone and said`() async throws {
      let topics = try TopicFixture(partitions: 2)
      let result = try await sequitur(
        ["topics", "create", "--json", "--partitions", "4"] + topics.arguments)
      #expect(result.exit == .code(1))
      #expect(try result.document(Report.self).faults.filter { $0.kind == "partitionCount" }.count == 4)
    }

    @Test func `different partition counts and one missing topic are found together`() async throws {
      let topics = try TopicFixture(creates: false)
      try topics.create(topics.commands, partitions: 2)
      try topics.create(topics.valid, partitions: 3)
      try topics.create(topics.changelog, partitions: 2, ["cleanup.policy": "compact"])
      let result = try await sequitur(["topics", "check", "--json"] + topics.arguments)
      #expect(result.exit == .code(1))
      let kinds = try result.document(Report.self).faults.map(\.kind)
      #expect(kinds.contains("missing"))
      #expect(kinds.contains("partitionCount"))
    }

    @Test func `what the broker's own timestamps mean is said`() async throws {
      let topics = try TopicFixture(creates: false)
      for name in [topics.commands, topics.valid, topics.invalid, topics.changelog] {
        try topics.create(
          name, partitions: 1,
          [
            "message.timestamp.type": "LogAppendTime",
            "cleanup.policy": name == topics.changelog ? "compact" : "delete",
          ])
      }
      let result = try await sequitur(["topics", "check", "--json"] + topics.arguments)
      #expect(result.exit == .code(0))
      let faults = try result.document(Report.self).faults
      #expect(!faults.contains { $0.kind == "notDescribed" })
      let told = faults.filter { $0.kind == "timestamps" }
      #expect(told.map(\.topic) == [topics.commands, topics.valid])
    }

    @Test func `one topic in two roles is refused by every command that reads both`() async throws {
      let topics = try TopicFixture()
      try await withFile(
        "rules.yaml", Data("object: o\nstates: [a]\ncommands: {c: {from: none, to: a, event: e}}".utf8)
      ) {
        rules in
        for command in [
          ["topics", "check"], ["verify"], ["history", "k"], ["rehearse", "--rules", rules], ["resubmit"],
          ["worker", "--rules", rules, "--instance-id", ""], ["submit", "/dev/null", "--wait"],
        ] {
          let result = try await sequitur(command + topics.arguments + ["--valid-topic", topics.invalid])
          #expect(result.exit == .code(2), "\(command)")
          #expect(
            result.standardError.contains(
              "Expected four different topics, but \(topics.invalid) has two roles."),
            "\(command): \(result.standardError)")
        }
        // Who only sends reads none of the others.
        let sent = try await sequitur(
          ["submit", "/dev/null"] + topics.arguments + ["--valid-topic", topics.invalid])
        #expect(sent.exit == .code(0), "\(sent)")
      }
    }

    @Test func `a changelog that is not compacted is a fault`() async throws {
      let topics = try TopicFixture(creates: false)
      for name in [topics.commands, topics.valid, topics.invalid] { try topics.create(name, partitions: 1) }
      try topics.create(topics.changelog, partitions: 1, ["cleanup.policy": "delete"])
      let result = try await sequitur(["topics", "check", "--json"] + topics.arguments)
      let faults = try result.document(Report.self).faults
      #expect(faults.contains { $0.topic == topics.changelog && $0.kind == "cleanupPolicy" })
      #expect(!faults.contains { $0.kind == "notDescribed" })
    }
  }
}
