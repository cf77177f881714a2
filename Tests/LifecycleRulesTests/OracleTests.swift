import Foundation
import LifecycleRules
import Sequitur
import TestBroker
import Testing

@testable import expression_reader

/// Random expressions, each with the value that an independent program in Python gives it.
///
/// `SEQUITUR_ORACLE_SEED` and `SEQUITUR_ORACLE_COUNT` choose others: `SEQUITUR_ORACLE_COUNT=100000 swift test …`.
struct OracleTests {
  private struct Case: Decodable {
    let expression: String
    let state: String
    let command: String
    let time: Int64
    let kind: String
    let value: String?
    let fault: String?
  }

  /// How many expressions a file of rules gets.
  private static let batch = 100

  private static let seed =
    ProcessInfo.processInfo.environment["SEQUITUR_ORACLE_SEED"] ?? "\(UInt32.random(in: 0...9_999_999))"
  private static let count =
    ProcessInfo.processInfo.environment["SEQUITUR_ORACLE_COUNT"].flatMap { Int($0) } ?? 2000

  @Test func `expressions are worth what an independent program says`() async throws {
    let program = PackageRoot.url.appending(path: "Tests/LifecycleRulesTests/Oracle/expressions.py").path
    let result = try await RunningProgram.run(
      "python3", arguments: ["-B", program, Self.seed, "\(Self.count)"], timeout: .seconds(300))
    try #require(result.exit == .code(0), "\(result.standardError)")
    let lines = result.standardOutput.split(separator: "\n")
    #expect(lines.count == Self.count)
    let cases = try lines.map { try JSONDecoder().decode(Case.self, from: Data($0.utf8)) }
    var values = 0
    for start in stride(from: 0, to: cases.count, by: Self.batch) {
      values += try check(Array(cases[start..<min(start + Self.batch, cases.count)]))
    }
    // Both outcomes are tried often.
    #expect(values > Self.count / 2 && values < Self.count, "seed \(Self.seed)")
  }

  /// How many had a value.
  private func check(_ cases: [Case]) throws -> Int {
    let commands = cases.enumerated().map { index, example in
      let text = example.expression.replacingOccurrences(of: "\\", with: "\\\\")
        .replacingOccurrences(of: "\"", with: "\\\"")
      return """
          e\(index):
            from: s
            to: same
            require: {ci: integer, cd: {type: decimal, scale: 3}, cn: number, cs: string}
            event: {type: e, payload: {r: "\(text)"}}
        """
    }
    let driver = try RulesDriver(ExpressionRules.text(commands.joined(separator: "\n")))
    var values = 0
    for (index, example) in cases.enumerated() {
      let key = "\(index)"
      try #require(try driver.send("put", example.state, key: key) == .event("put"))
      let outcome = try driver.send("e\(index)", example.command, key: key, at: example.time)
      if let fault = example.fault {
        #expect(Self.class(of: outcome) == fault, "seed \(Self.seed): \(example) gave \(outcome)")
      } else {
        values += 1
        guard outcome == .event("e") else {
          Issue.record("seed \(Self.seed): \(example) gave \(outcome)")
          continue
        }
        let found = driver.payloadText.dropFirst(5).dropLast()
        #expect(
          Self.isEqual(String(found), example.value ?? "", example.kind),
          "seed \(Self.seed): \(example) gave \(found)")
      }
    }
    return values
  }

  private static func `class`(of outcome: Outcome) -> String {
    switch (outcome.code, outcome.reason) {
    case (.outOfRange?, let reason?): reason.hasSuffix("it divides by zero") ? "zero" : "overflow"
    case (.invalidField?, let reason?): reason.hasSuffix("is missing") ? "missing" : reason
    default: "\(outcome)"
    }
  }

  private static func isEqual(_ found: String, _ expected: String, _ kind: String) -> Bool {
    switch kind {
    case "number": Double(found) == Double(expected)
    case "list":
      (try? JSONDecoder().decode([String].self, from: Data(found.utf8)))
        == (try? JSONDecoder().decode([String].self, from: Data(expected.utf8)))
    default: found == expected
    }
  }
}
