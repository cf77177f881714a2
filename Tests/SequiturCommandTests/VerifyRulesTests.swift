import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct VerifyRulesTests {
    private let rules = """
      object: order
      fields: {customer: string, total: integer}
      states: [open, paid]
      commands:
        create: {from: none, to: open, event: created, require: {total: integer}, set: [customer, total]}
        pay: {from: open, to: paid, event: paid}
        purge: {from: paid, to: none, event: purged}
      """
    private let commands = [
      ("a", "create", #"{"total":5,"customer":"x"}"#), ("a", "pay", "{}"), ("a", "purge", "{}"),
      ("a", "create", #"{"total":7}"#), ("b", "create", #"{"total":1}"#), ("b", "pay", "{}"),
      ("b", "purge", "{}"),
    ]

    /// 0 created · 1 paid · 2 purged · 3 created again · 4…6 b comes and goes · 7 state · 8 tombstone · 9 checkpoint.
    private func outputs(_ log: AuditLog) -> [AuditLog.Output] {
      [
        log.event(key: "a", version: 1, type: "created", command: 0, value: commands[0].2),
        log.event(key: "a", version: 2, type: "paid", command: 1),
        log.event(key: "a", version: 3, type: "purged", command: 2),
        log.event(key: "a", version: 1, type: "created", command: 3, value: commands[3].2),
        log.event(key: "b", version: 1, type: "created", command: 4, value: commands[4].2),
        log.event(key: "b", version: 2, type: "paid", command: 5),
        log.event(key: "b", version: 3, type: "purged", command: 6),
        log.state(key: "a", version: 1, #"{"status":"open","total":7}"#),
        log.state(key: "b", version: 0, nil),
        log.checkpoint(7),
      ]
    }

    private func verify(
      expecting code: Int32 = 1, _ change: (AuditLog, inout [AuditLog.Output]) throws -> Void
    ) async throws -> VerifyReport {
      let log = try AuditLog()
      try log.submit(commands)
      var outputs = outputs(log)
      try change(log, &outputs)
      try log.write(outputs)
      return try await withFile("order.yaml", Data(rules.utf8)) { path in
        let result = try await sequitur(["verify", "--json", "--rules", path] + log.topics.arguments)
        #expect(result.exit == .code(code), "\(result)")
        return try result.document(VerifyReport.self)
      }
    }

    @Test func `objects that come and go by the rules are right`() async throws {
      let report = try await verify(expecting: 0) { _, _ in }
      #expect(report.faultCount == 0)
      #expect((report.objects, report.events) == (1, 7))
    }

    @Test func `a state that is not the fold of the events is found`() async throws {
      let status = try await verify { log, outputs in
        outputs[7] = log.state(key: "a", version: 1, #"{"status":"paid","total":7}"#)
      }
      #expect(status.kinds == ["state"])
      let field = try await verify { log, outputs in
        outputs[7] = log.state(key: "a", version: 1, #"{"status":"open","total":7,"customer":"x"}"#)
      }
      #expect(field.kinds == ["state"])
      let undead = try await verify { log, outputs in
        outputs[8] = log.state(key: "b", version: 3, #"{"status":"paid","total":1}"#)
      }
      #expect(undead.kinds == ["state"])
    }

    @Test func `a new beginning that the rules do not allow is found`() async throws {
      let report = try await verify { log, outputs in
        outputs[2] = log.rejection(key: "a", code: "x-no", type: "purge", version: 2, command: 2)
      }
      #expect(report.kinds.isSuperset(of: ["version", "rules"]))
    }

    @Test func `an event of the wrong type or with another payload is found`() async throws {
      let type = try await verify { _, outputs in outputs[1].set("ce_type", "created") }
      #expect(type.kinds == ["rules"])
      let payload = try await verify { _, outputs in outputs[1].value = Array("{ }".utf8) }
      #expect(payload.kinds == ["rules"])
    }
  }
}
