import Foundation
import KafkaClient
import TestBroker
import Testing

extension SequiturCommandTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct ResubmitTests {
    private struct Summary: Decodable, Equatable {
      let isDryRun: Bool
      let commands: [String: Int]
      let leftOut: [String: Int]
    }

    private let sentAgain = "it was sent again since"

    /// Commands 0…4 of which 0, 1 and 3 were rejected as decider-error, 2 by its guard; 4 was accepted.
    private func log() throws -> AuditLog {
      let log = try AuditLog()
      try log.submit([
        ("a", "pay", #"{"n":0}"#), ("b", "pay", #"{"n":1}"#), ("c", "pay", #"{"n":2}"#),
        ("d", "pay", #"{"n":3}"#),
        ("e", "pay", #"{"n":4}"#),
      ])
      try log.write([
        rejection(log, "a", "decider-error", 0, id: "id-a"), rejection(log, "b", "decider-error", 1, id: nil),
        rejection(log, "c", "guard-failed", 2, id: "id-c"),
        rejection(log, "d", "decider-error", 3, id: "id-d"),
        log.event(key: "e", version: 1, type: "paid", command: 4), log.checkpoint(5),
      ])
      return log
    }

    private func rejection(
      _ log: AuditLog, _ key: String, _ code: String, _ command: Int, id: String?
    ) -> AuditLog.Output {
      var output = log.rejection(
        key: key, code: code, type: "pay", command: command, value: #"{"n":\#(command)}"#)
      if let id { output.headers.insert(("ce_id", id), at: 0) }
      return output
    }

    private func resubmit(_ log: AuditLog, _ more: String...) async throws -> Summary {
      let result = try await sequitur(["resubmit", "--json"] + log.topics.arguments + more)
      #expect(result.exit == .code(0), "\(result)")
      return try result.document(Summary.self)
    }

    private func sent(_ log: AuditLog) throws -> [Record] {
      try log.topics.read(log.topics.commands).filter { $0.offset >= 5 }.sorted { $0.offset < $1.offset }
    }

    @Test
    func `commands that the decider failed for are sent again as they were, once however often it is run`()
      async throws
    {
      let log = try log()
      #expect(
        try await resubmit(log, "--dry-run")
          == Summary(isDryRun: true, commands: ["decider-error": 3], leftOut: [:]))
      #expect(try sent(log).isEmpty)
      #expect(
        try await resubmit(log) == Summary(isDryRun: false, commands: ["decider-error": 3], leftOut: [:]))
      let first = try sent(log)
      #expect(first.map { String(decoding: $0.key ?? [], as: UTF8.self) } == ["a", "b", "d"])
      #expect(
        first.map { String(decoding: $0.value ?? [], as: UTF8.self) } == [
          #"{"n":0}"#, #"{"n":1}"#, #"{"n":3}"#,
        ])
      // None of the rejection's own headers; and who had no id has one from now on.
      #expect(first[0].headers == ["ce_id=id-a", "ce_type=pay", "traceparent=00-1"])
      #expect(first[1].headers == ["ce_type=pay", "traceparent=00-1", "ce_id=\(log.topics.commands)/0/1"])
      // They wait for their outcome.
      #expect(
        try await resubmit(log) == Summary(isDryRun: false, commands: [:], leftOut: [sentAgain: 3]))
      // `a` is accepted, `b` fails again, `d` is rejected for another reason.
      try log.write([
        log.event(key: "a", version: 1, type: "paid", command: 5),
        rejection(log, "b", "decider-error", 6, id: "\(log.topics.commands)/0/1"),
        rejection(log, "d", "guard-failed", 7, id: "id-d"), log.checkpoint(8),
      ])
      #expect(
        try await resubmit(log)
          == Summary(isDryRun: false, commands: ["decider-error": 1], leftOut: [sentAgain: 1]))
      #expect(try sent(log).map { String(decoding: $0.key ?? [], as: UTF8.self) } == ["a", "b", "d", "b"])
      #expect(try await resubmit(log).commands == [:])
    }

    @Test func `codes are chosen, and what was accepted is known when its command is deleted`() async throws {
      let log = try log()
      #expect(
        try await resubmit(log, "--code", "guard-failed", "--code", "decider-error", "--dry-run").commands
          == ["guard-failed": 1, "decider-error": 3])
      #expect(try await resubmit(log, "--code", "x-own", "--dry-run").commands == [:])
      #expect(try await resubmit(log).commands == ["decider-error": 3])
      var event = log.event(key: "a", version: 1, type: "paid", command: 5)
      event.set("ce_causationid", "id-a")
      try log.write([event, rejection(log, "d", "decider-error", 7, id: "id-d"), log.checkpoint(8)])
      let admin = try KafkaAdmin(configuration: log.topics.client, logger: quiet)
      try admin.deleteRecords(
        before: [TopicPartitionOffset(topic: log.topics.commands, partition: 0, offset: 8)],
        timeout: .seconds(20))
      // `b` waited when its command was deleted: nothing tells that it was sent again.
      let summary = try await resubmit(log, "--dry-run")
      #expect(summary == Summary(isDryRun: true, commands: ["decider-error": 2], leftOut: [sentAgain: 1]))
    }

    @Test func `the rejections' times choose`() async throws {
      let log = try log()
      let before = Date(timeIntervalSince1970: Double(AuditLog.time / 1000) - 60).ISO8601Format()
      let after = Date(timeIntervalSince1970: Double(AuditLog.time / 1000) + 60).ISO8601Format()
      #expect(
        try await resubmit(log, "--from", before, "--to", after, "--dry-run").commands == ["decider-error": 3]
      )
      #expect(try await resubmit(log, "--to", before, "--dry-run").commands == [:])
      #expect(try await resubmit(log, "--from", after, "--dry-run").commands == [:])
    }

    @Test func `what cannot be sent again is counted with why`() async throws {
      let log = try AuditLog()
      try log.submit([("a", "pay", "{}"), ("b", "pay", "{}"), ("c", "pay", "{}"), ("d", "pay", "{}")])
      var omitted = rejection(log, "a", "decider-error", 0, id: "1")
      omitted.value = nil
      omitted.headers.append(("payload-omitted", "2"))
      var foreign = rejection(log, "b", "decider-error", 1, id: "2")
      foreign.set("rejection-source", "/another")
      var nobody = rejection(log, "c", "decider-error", 2, id: "3")
      nobody.set("command-position", "elsewhere/0/2")
      var keyless = rejection(log, "d", "decider-error", 3, id: "4")
      keyless.key = []
      try log.write([omitted, foreign, nobody, keyless])
      let summary = try await resubmit(log)
      #expect(summary.commands == [:])
      #expect(summary.leftOut.values.sorted() == [1, 1, 2])
      let text = try await sequitur(["resubmit"] + log.topics.arguments)
      #expect(text.standardOutput.hasPrefix("0 commands were sent again\nleft out:\n"))
    }

    @Test(arguments: [
      (["--code", "decider-eror"], "Did you mean `decider-error`?"),
      (["--code", "duplicate"], "a duplicate's first command"),
      (["--code", "x-"], "or x- and a name"), (["--from", "yesterday"], "Expected --from to be a time like"),
      (["--to", "2026-13-01T00:00:00Z"], "Expected --to to be a time like"),
      (["--from", "2026-02-01T00:00:00Z", "--to", "2026-01-01T00:00:00Z"], "no time is between them"),
    ])
    func `bad options are told, and nothing is sent`(options: [String], message: String) async throws {
      let result = try await sequitur(["resubmit"] + options)
      #expect(result.exit == .code(2))
      #expect(result.output.standardError.contains(message), "\(result)")
    }

    @Test func `records that are no rejections are counted, whatever codes are asked for`() async throws {
      let log = try log()
      let events = try await resubmit(
        log, "--invalid-topic", log.topics.valid, "--valid-topic", log.topics.invalid, "--dry-run")
      #expect(events.commands == [:])
      #expect(events.leftOut == ["it is no rejection: another topic may be meant": 1])
      let commands = try await resubmit(
        log, "--invalid-topic", log.topics.commands, "--commands-topic", log.topics.invalid, "--dry-run",
        "--code", "x-own")
      #expect(commands.leftOut == ["it is no rejection: another topic may be meant": 5])
      let both = try log.topics.read(log.topics.commands).count
      #expect(both == 5)
      try log.write([
        AuditLog.Output(topic: .invalid, key: [1], value: nil, headers: [("rejection-reason", "none")])
      ])
      #expect(
        try await resubmit(log, "--dry-run")
          == Summary(
            isDryRun: true, commands: ["decider-error": 3],
            leftOut: ["it is no rejection: another topic may be meant": 1]))
    }

    @Test func `missing topics and a broker that does not answer are told`() async throws {
      let topics = try TopicFixture(creates: false)
      let missing = try await sequitur(["resubmit"] + topics.arguments)
      #expect(missing.exit == .code(2) && missing.output.standardError.contains(topics.invalid))
      let nobody = try await sequitur(["resubmit", "--bootstrap-servers", "127.0.0.1:1"])
      #expect(nobody.exit == .code(2))
    }
  }
}
