import Foundation
import LifecycleRules
import SequiturTesting

/// Reckons expressions of the rules' language, one a line, as a worker does, and says what each is worth.
///
/// For scripts/fuzz-expressions, which compares it with a program of another origin. A line is a JSON object with
/// `expression`, `state` and `command` (JSON texts of the object's and the command's fields) and `time`. The answer is
/// a JSON object:
///
///     {"value":"12.50"}             the value as an event's payload has it
///     {"fault":"overflow"}          overflow, zero, missing; else the rejection's code and reason
///     {"refused":"…","column":7}    the rules are no rules, and where in the expression, from 1; 0: elsewhere
@main
enum ExpressionReader {
  private struct Question: Decodable {
    let expression: String
    let state: String
    let command: String
    let time: Int64
  }

  private struct Answer: Encodable {
    var value: String?
    var fault: String?
    var refused: String?
    var column: Int?
  }

  static func main() throws {
    let decoder = JSONDecoder()
    let encoder = JSONEncoder()
    while let line = readLine() {
      let answer = try answer(decoder.decode(Question.self, from: Data(line.utf8)))
      print(String(decoding: try encoder.encode(answer), as: UTF8.self))
    }
  }

  /// The expression stands in this line of the rules alone, behind so many columns.
  private static let expressionLine = 22
  private static let columnsBefore = 7

  private static func rules(_ expression: String) -> String {
    ExpressionRules.text(
      """
        e:
          from: s
          to: same
          require: {ci: integer, cd: {type: decimal, scale: 3}, cn: number, cs: string}
          event: {type: e, payload: {r:
            '\(expression.replacingOccurrences(of: "'", with: "''"))'
            }}
      """)
  }

  private static func answer(_ question: Question) throws -> Answer {
    let check = RulesFile.check(rules(question.expression), path: "rules.yaml")
    guard let rules = check.rules else {
      let fault = check.errors.first
      let column = fault.map { $0.line == expressionLine ? $0.column - columnsBefore : 0 } ?? 0
      return Answer(refused: fault?.description ?? "", column: max(column, 0))
    }
    let driver = TestDriver(LifecycleDecider(rules), triesExtremeNumbers: false)
    let put = try driver.send("put", payload: question.state, key: "k")
    guard case .accepted = put else { return Answer(fault: "the state was not taken: \(put)") }
    switch try driver.send("e", payload: question.command, key: "k", at: question.time) {
    case .accepted(let events):
      return Answer(value: String((events.first?.payloadText ?? "").dropFirst(5).dropLast()))
    case .rejected(let rejection): return Answer(fault: fault(rejection))
    }
  }

  private static func fault(_ rejection: TestRejection) -> String {
    switch rejection.code {
    case "out-of-range": rejection.reason.hasSuffix("it divides by zero") ? "zero" : "overflow"
    case "invalid-field" where rejection.reason.hasSuffix("is missing"): "missing"
    default: "\(rejection.code): \(rejection.reason)"
    }
  }
}
