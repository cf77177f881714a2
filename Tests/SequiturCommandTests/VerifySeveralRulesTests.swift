import Foundation
import RulesModel
import TestBroker
import Testing

extension SequiturCommandTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct VerifySeveralRulesTests {
    private let old = """
      object: item
      fields: {total: number, left: {type: integer, default: 3}}
      states: [open, held]
      commands:
        create: {from: none, to: open, require: {total: number}, set: [total], event: created}
        hold: {from: open, to: held, event: held}
        add: {from: [open, held], to: same, require: {by: integer}, when: [by < 10], set: {left: state.left + by}, event: added}
      """
    private var new: String {
      old.replacing(
        "fields: {total: number,",
        with:
          "version: 2\nmigrate: {from: 1, states: {held: kept}, fields: {total: decimal(state.total)}}\nfields: {total: {type: decimal, scale: 2},"
      )
      .replacing("[open, held]\ncommands", with: "[open, kept]\ncommands").replacing(
        "to: held", with: "to: kept"
      )
      .replacing("from: [open, held]", with: "from: [open, kept]").replacing(
        "require: {total: number}", with: "require: {total: {type: decimal, scale: 2}}"
      )
      .replacing("by < 10", with: "by < 5")
    }

    private func withRules<R>(_ body: (_ old: String, _ new: String) async throws -> R) async throws -> R {
      try await withFile("old.yaml", Data(old.utf8)) { old in
        try await withFile("new.yaml", Data(new.utf8)) { new in try await body(old, new) }
      }
    }

    /// 0…2 a and b by the old rules · 3…5 by the new ones: `by: 7` was allowed before and is not now.
    private let commands = [
      ("a", "create", #"{"total":12.5}"#), ("a", "hold", "{}"), ("a", "add", #"{"by":7}"#),
      ("a", "add", #"{"by":7}"#),
      ("a", "add", #"{"by":4}"#), ("b", "create", #"{"total":"1.5"}"#),
    ]

    private func outputs(_ log: AuditLog, _ old: String?, _ new: String?) -> [AuditLog.Output] {
      var first = log.checkpoint(3)
      if let old { first.headers.append(("decider", old)) }
      var second = log.checkpoint(6)
      if let new { second.headers.append(("decider", new)) }
      var state = log.state(key: "a", version: 4, #"{"status":"kept","total":12.50,"left":14}"#)
      state.headers.append(("s", "2"))
      return [
        log.event(key: "a", version: 1, type: "created", command: 0, value: commands[0].2),
        log.event(key: "a", version: 2, type: "held", command: 1),
        log.event(key: "a", version: 3, type: "added", command: 2, value: commands[2].2),
        log.state(key: "a", version: 3, #"{"status":"held","total":12.5,"left":10}"#), first,
        log.rejection(
          key: "a", code: "guard-failed", type: "add", version: 3, command: 3, value: commands[3].2),
        log.event(key: "a", version: 4, type: "added", command: 4, value: commands[4].2),
        log.event(key: "b", version: 1, type: "created", command: 5, value: commands[5].2), state,
        log.state(key: "b", version: 1, #"{"status":"open","total":1.50,"left":3}"#), second,
      ]
    }

    private func verify(
      _ files: [String], expecting code: Int32, _ change: (inout [AuditLog.Output]) -> Void = { _ in },
      telling isTold: Bool = true, in paths: (old: String, new: String)
    ) async throws -> VerifyReport {
      let log = try AuditLog()
      try log.submit(commands)
      let names = try [paths.old, paths.new].map { "\(try RulesFile.read(path: $0).fingerprint)" }
      var outputs = outputs(log, isTold ? names[0] : nil, isTold ? names[1] : nil)
      change(&outputs)
      try log.write(outputs)
      let rules = files.flatMap { ["--rules", $0] }
      let result = try await sequitur(["verify", "--json"] + rules + log.topics.arguments)
      #expect(result.exit == .code(code), "\(result)")
      return try result.document(VerifyReport.self)
    }

    @Test func `each stretch is judged by the rules that decided it, across a migration`() async throws {
      try await withRules { old, new in
        let report = try await verify([old, new], expecting: 0, in: (old, new))
        #expect(
          report.deciders.count == 2 && report.deciders.values.allSatisfy { $0 == 3 }, "\(report.deciders)")
        #expect(report.notes == [])
      }
    }

    @Test func `where no checkpoint tells, the rules that explain an outcome judge it`() async throws {
      try await withRules { old, new in
        let report = try await verify([old, new], expecting: 0, telling: false, in: (old, new))
        #expect(report.deciders == ["unknown": 6])
      }
    }

    @Test func `one of two files leaves what the other decided unexplained, and says so`() async throws {
      try await withRules { old, new in
        let report = try await verify([new], expecting: 1, in: (old, new))
        #expect(report.faultCount > 0)
        #expect(
          report.notes.contains {
            $0.contains("3 commands were decided by item@1/")
              && $0.contains("these are probably not the rules that decided")
          }, "\(report.notes)")
      }
    }

    @Test func `a wrong outcome is found in either stretch`() async throws {
      try await withRules { old, new in
        let wrongState = try await verify(
          [old, new], expecting: 1,
          { $0[8].value = Array(#"{"status":"kept","total":12.50,"left":99}"#.utf8) }, in: (old, new))
        #expect(wrongState.kinds == ["state"])
        // The old rules would have accepted what the new ones rejected.
        let wrongDecider = try await verify(
          [old, new], expecting: 1,
          { outputs in
            let decider = outputs[4].headers.last!.value
            outputs[10].set("decider", decider)
          }, in: (old, new))
        #expect(wrongDecider.kinds.contains("rules"))
      }
    }

    @Test func `equal faults are one line with their count`() async throws {
      let log = try AuditLog()
      try log.submit((0..<50).map { ("k-\($0)", "hold", "{}") })
      let outputs = (0..<50).map {
        log.rejection(key: "k-\($0)", code: "guard-failed", type: "hold", command: $0)
      }
      try log.write(outputs + [log.checkpoint(50)])
      try await withFile("old.yaml", Data(old.utf8)) { path in
        let result = try await sequitur(["verify", "--json", "--rules", path] + log.topics.arguments)
        let report = try result.document(VerifyReport.self)
        #expect(report.faultCount == 50 && report.faults.map(\.count) == [50], "\(result)")
        #expect(
          report.notes.contains { $0.contains("No checkpoint says who decided 50 commands") },
          "\(report.notes)")
        let text = try await sequitur(["verify", "--rules", path] + log.topics.arguments)
        #expect(text.standardOutput.contains("And 49 more like it."))
      }
    }

    @Test func `the same rules twice are wrong usage`() async throws {
      try await withRules { old, _ in
        let result = try await sequitur(["verify", "--rules", old, "--rules", old])
        #expect(result.exit == .code(2) && result.output.standardError.contains("decide alike"), "\(result)")
      }
    }
  }
}
