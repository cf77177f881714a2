import Foundation
import KafkaClient
import TestBroker
import Testing

extension SequiturCommandTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct HistoryTests {
    private let rules = """
      object: order
      fields: {total: integer}
      states: [open, paid]
      commands:
        create: {from: none, to: open, event: created, require: {total: integer}, set: [total]}
        pay: {from: open, to: paid, event: paid}
        purge: {from: paid, to: none, event: purged}
      """

    private struct Entry: Decodable {
      struct Event: Decodable {
        let type: String
        let version: Int
      }
      struct Rejection: Decodable {
        let code: String
        let reason: String
      }
      struct State: Decodable, Equatable {
        let status: String
        let total: Int
      }
      let position: String
      let time: Int64
      let events: [Event]?
      let rejection: Rejection?
      let pending: Bool?
      let forgotten: Bool?
      let stateIsKept: Bool?
      let state: State?
    }

    /// Of `a` in two transactions: created, paid, a rejection; purged, made anew. Another object in between. One is pending.
    private func log() throws -> AuditLog {
      let log = try AuditLog()
      try log.submit(
        [("a", "create", #"{"total":5}"#), ("b", "create", #"{"total":1}"#), ("a", "pay", "{}")],
        at: AuditLog.time - 2_000)
      try log.submit(
        [("a", "pay", "{}"), ("a", "purge", "{}"), ("a", "create", #"{"total":7}"#)],
        at: AuditLog.time - 1_000)
      try log.submit([("a", "pay", "{}")])
      try log.write([
        log.event(key: "a", version: 1, type: "created", command: 0, value: #"{"total":5}"#),
        log.event(key: "b", version: 1, type: "created", command: 1, value: #"{"total":1}"#),
        log.event(key: "a", version: 2, type: "paid", command: 2),
        log.rejection(key: "a", code: "invalid-transition", type: "pay", version: 2, command: 3),
        log.state(key: "a", version: 2, #"{"status":"paid","total":5}"#),
        log.state(key: "b", version: 1, #"{"status":"open","total":1}"#),
        log.checkpoint(4),
      ])
      try log.write([
        log.event(key: "a", version: 3, type: "purged", command: 4), log.state(key: "a", version: 0, nil),
        log.checkpoint(5),
      ])
      try log.write([
        log.event(key: "a", version: 1, type: "created", command: 5, value: #"{"total":7}"#),
        log.state(key: "a", version: 1, #"{"status":"open","total":7}"#), log.checkpoint(6),
      ])
      return log
    }

    private func history(
      _ log: AuditLog, _ more: [String] = [], expecting code: Int32 = 0
    ) async throws -> ProgramResult {
      let result = try await sequitur(["history", "a"] + log.topics.arguments + more)
      #expect(result.exit == .code(code), "\(result)")
      return result
    }

    private func entries(_ result: ProgramResult) throws -> [Entry] {
      try result.standardOutput.split(separator: "\n").map {
        try JSONDecoder().decode(Entry.self, from: Data($0.utf8))
      }
    }

    @Test func `commands, events, rejections and kept states come in order`() async throws {
      let log = try log()
      let entries = try await entries(history(log, ["--json"]))
      #expect(entries.map(\.position) == [0, 2, 3, 4, 5, 6].map { "\(log.topics.commands)/0/\($0)" })
      #expect(
        entries.map { $0.events?.map(\.type) ?? [] } == [
          ["created"], ["paid"], [], ["purged"], ["created"], [],
        ])
      #expect(entries.map { $0.events?.first?.version } == [1, 2, nil, 3, 1, nil])
      #expect(entries[2].rejection.map { [$0.code, $0.reason] } == ["invalid-transition", "It is so."])
      #expect(entries.map(\.pending) == [nil, nil, nil, nil, nil, true])
      #expect(entries.map(\.forgotten) == [nil, nil, nil, true, nil, nil])
      // The changelog has one state a transaction.
      #expect(
        entries.map(\.state) == [
          nil, .init(status: "paid", total: 5), nil, nil, .init(status: "open", total: 7), nil,
        ])
      #expect(entries.map(\.stateIsKept) == [nil, true, nil, nil, true, nil])
      #expect(entries[0].time == AuditLog.time - 2_000)
    }

    @Test func `with rules the states in between are computed, and those of other rules are not`()
      async throws
    {
      let log = try log()
      try await withFile("order.yaml", Data(rules.utf8)) { path in
        let entries = try await entries(history(log, ["--json", "--rules", path]))
        #expect(entries[0].state == .init(status: "open", total: 5))
        #expect(entries[0].stateIsKept == false)
        #expect(entries[1].stateIsKept == true)
      }
      let others = rules.replacingOccurrences(of: "event: created", with: "event: begun")
      try await withFile("order.yaml", Data(others.utf8)) { path in
        let entries = try await entries(history(log, ["--json", "--rules", path]))
        #expect(entries.map(\.stateIsKept) == [nil, true, nil, nil, true, nil])
      }
    }

    @Test func `the state at a version and at a time is shown`() async throws {
      let log = try log()
      let two = try await history(log, ["--at-version", "2"]).standardOutput
      #expect(two.contains("version: 2\n") && two.contains(#"state: {"status":"paid","total":5}"#), "\(two)")
      // Of the two that were at version 1, the last.
      let one = try await history(log, ["--at-version", "1"]).standardOutput
      #expect(one.contains(#""total":7"#), "\(one)")
      let early = try await history(log, ["--at", "\(AuditLog.time - 1_500)", "--json"])
      #expect(try entries(early).map(\.state) == [.init(status: "paid", total: 5)])
      let now = try await history(log, ["--at", "0m", "--json"])
      #expect(try entries(now).map(\.state) == [.init(status: "open", total: 7)])
    }

    @Test func `what is not there, or not known any more, ends with 1 and says so`() async throws {
      let log = try log()
      let never = try await history(log, ["--at-version", "9"], expecting: 1)
      #expect(never.standardError.contains("but it was not"))
      let before = try await history(log, ["--at", "1970-01-02T00:00:00Z"], expecting: 1)
      #expect(before.standardError.contains("but it was not"))
      let other = try await sequitur(["history", "nobody"] + log.topics.arguments)
      #expect(other.exit == .code(1))
      #expect(other.standardError.contains("the topics have none"))
      let both = try await sequitur(["history", "a", "--at", "1h", "--at-version", "1"])
      #expect(both.exit == .code(2))

      let lost = try AuditLog()
      try lost.submit([("a", "create", #"{"total":5}"#), ("a", "pay", "{}")])
      try lost.write([
        lost.event(key: "a", version: 1, type: "created", command: 0, value: #"{"total":5}"#),
        lost.event(key: "a", version: 2, type: "paid", command: 1),
        lost.state(key: "a", version: 2, #"{"status":"paid","total":5}"#), lost.checkpoint(2),
      ])
      let unknown = try await history(lost, ["--at-version", "1"], expecting: 1)
      #expect(unknown.standardError.contains("--rules FILE"))
    }

    @Test func `the text for people shows each command with what came of it`() async throws {
      let log = try log()
      let text = try await history(log).standardOutput
      #expect(
        text.contains("/0/0 create: {\"total\":5}\n  event created, version 1: {\"total\":5}\n"), "\(text)")
      #expect(text.contains("  rejected invalid-transition: It is so.\n"))
      #expect(text.contains("  the object is forgotten\n"))
      #expect(text.hasSuffix("  no worker has decided it yet\n"))
    }
  }
}
