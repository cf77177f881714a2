import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct VerifyRulesTests {
    private func verify(
      expecting code: Int32 = 1, _ change: (AuditLog, inout [AuditLog.Output]) throws -> Void
    ) async throws -> VerifyReport {
      let log = try AuditLog()
      try log.submit(PurgedOrders.commands)
      var outputs = PurgedOrders.outputs(log)
      try change(log, &outputs)
      try log.write(outputs)
      return try await withFile("order.yaml", Data(PurgedOrders.rules.utf8)) { path in
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
