import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// What `verify` says of numbers: of those that commands carry, and of those in the records of the engine.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct VerifyNumberTests {
    private let rules = """
      object: account
      fields: {balance: number, points: integer}
      states: [active]
      commands:
        open: {from: none, to: active, event: opened, set: [balance, points]}
        spend: {from: active, to: active, event: spent, require: {amount: number}, when: ["amount <= state.balance"]}
        touch: {from: active, to: active, event: touched, when: ["state.balance > 0"]}
      """
    private let commands = [
      ("g", "open", #"{"balance":10}"#), ("g", "spend", #"{"amount":1000000.3333333333333333}"#),
      ("p", "open", #"{"balance":10.000000000000000000}"#),
      ("u", "open", #"{"balance":12345678901234567890}"#),
      ("u", "touch", "{}"), ("i", "open", #"{"points":18446744073709551617}"#),
    ]

    /// 0 g opened · 1 g's spend rejected · 2 p opened · 3 u opened · 4 u touched · 5 i rejected · 6…8 states of g, p, u ·
    /// 9 checkpoint.
    private func outputs(_ log: AuditLog) -> [AuditLog.Output] {
      [
        log.event(key: "g", version: 1, type: "opened", command: 0, value: commands[0].2),
        log.rejection(
          key: "g", code: "guard-failed", type: "spend", version: 1, command: 1, value: commands[1].2),
        log.event(key: "p", version: 1, type: "opened", command: 2, value: commands[2].2),
        log.event(key: "u", version: 1, type: "opened", command: 3, value: commands[3].2),
        log.event(key: "u", version: 2, type: "touched", command: 4),
        log.rejection(key: "i", code: "invalid-field", type: "open", command: 5, value: commands[5].2),
        log.state(key: "g", version: 1, #"{"status":"active","balance":10}"#),
        log.state(key: "p", version: 1, #"{"status":"active","balance":10.0}"#),
        log.state(key: "u", version: 2, #"{"status":"active","balance":12345678901234567168.0}"#),
        log.checkpoint(6),
      ]
    }

    private func verify(
      hasRules: Bool = true, expecting code: Int32 = 1,
      _ change: (AuditLog, inout [AuditLog.Output]) throws -> Void
    ) async throws -> VerifyReport {
      let log = try AuditLog()
      try log.submit(commands)
      var outputs = outputs(log)
      try change(log, &outputs)
      try log.write(outputs)
      return try await withFile("account.yaml", Data(rules.utf8)) { path in
        let result = try await sequitur(
          ["verify", "--json"] + (hasRules ? ["--rules", path] : []) + log.topics.arguments)
        #expect(result.exit == .code(code), "\(result)")
        return try result.document(VerifyReport.self)
      }
    }

    @Test func `numbers of many digits that were read rightly have no fault`() async throws {
      let report = try await verify(expecting: 0) { _, _ in }
      #expect(report.faults.map(\.sentence) == [])
    }

    @Test(arguments: [
      (7, "p", 1, "0.0", "10.0"), (7, "p", 1, "10", "10.0"), (7, "p", 1, "10.000000000000002", "10.0"),
      (8, "u", 2, "0.0", "1.2345678901234567e+19"),
      (8, "u", 2, "12345678901234569216.0", "1.2345678901234567e+19"),
    ])
    func `a state whose number was stored wrong is told with what to do`(
      index: Int, key: String, version: Int, stored: String, right: String
    ) async throws {
      let report = try await verify { log, outputs in
        outputs[index] = log.state(key: key, version: version, #"{"status":"active","balance":\#(stored)}"#)
      }
      #expect(report.kinds == ["state"])
      let sentence = try #require(report.faults.first?.sentence)
      #expect(
        sentence.contains("Expected the field balance to be \(right), as the event at offset "), "\(sentence)"
      )
      #expect(sentence.contains("earlier versions of Sequitur read such numbers wrongly"), "\(sentence)")
      #expect(sentence.contains("send a command that sets balance again"), "\(sentence)")
    }

    @Test func `a command that was accepted against its guard is found`() async throws {
      let report = try await verify { log, outputs in
        outputs[1] = log.event(key: "g", version: 2, type: "spent", command: 1, value: commands[1].2)
        outputs[6] = log.state(key: "g", version: 2, #"{"status":"active","balance":10}"#)
      }
      #expect(report.kinds == ["rules"])
      let sentence = try #require(report.faults.first?.sentence)
      #expect(
        sentence.contains(
          "Expected spend to be rejected as guard-failed, since amount <= state.balance does not hold"))
      #expect(sentence.contains("earlier versions of Sequitur read such numbers wrongly"))
    }

    @Test func `a command that was rejected though the rules allow it is found`() async throws {
      let touched = try await verify { log, outputs in
        outputs[4] = log.rejection(key: "u", code: "guard-failed", type: "touch", version: 1, command: 4)
        outputs[8] = log.state(key: "u", version: 1, #"{"status":"active","balance":12345678901234567168.0}"#)
      }
      #expect(touched.kinds == ["rules"])
      #expect(touched.faults[0].sentence.contains("Expected touch to be accepted"))
      #expect(touched.faults[0].sentence.contains("earlier versions of Sequitur read such numbers wrongly"))
      let code = try await verify { log, outputs in
        outputs[1] = log.rejection(
          key: "g", code: "invalid-field", type: "spend", version: 1, command: 1, value: commands[1].2)
      }
      #expect(code.kinds == ["rules"])
      #expect(code.faults[0].sentence.contains("but its code is invalid-field"))
      let wrapped = try await verify { log, outputs in
        outputs[5] = log.rejection(
          key: "i", code: "not-found", type: "open", command: 5, value: commands[5].2)
      }
      #expect(wrapped.kinds == ["rules"])
      #expect(wrapped.faults[0].sentence.contains("the field points is 1.8446744073709552e+19"))
    }

    @Test(arguments: [
      "9223372036854775807", "18446744073709551615", "01", "-1", "0", "1.0", "1e0", "", " 1", "+1", "١",
    ])
    func `a version that no engine writes is found, whatever follows it`(version: String) async throws {
      let event = try await verify(hasRules: false) { _, outputs in outputs[3].set("ce_sequence", version) }
      #expect(event.kinds.contains("version"), "\(event.faults)")
      let state = try await verify(hasRules: false) { _, outputs in outputs[8].set("v", version) }
      #expect(state.kinds == ["changelog", "state"], "\(state.faults)")
    }

    @Test(arguments: [
      "9223372036854775807", "9223372036854775808", "7", "-1", "6.0", "6e0", "06", "\"6\"", "null",
    ])
    func `a checkpoint that no engine writes is found`(position: String) async throws {
      let report = try await verify(hasRules: false) { log, outputs in
        outputs[9].value = Array(#"{"format":1,"position":\#(position),"partitions":1}"#.utf8)
      }
      #expect(!report.kinds.isDisjoint(with: ["checkpoint", "other-commands"]), "\(report.faults)")
    }
  }
}
