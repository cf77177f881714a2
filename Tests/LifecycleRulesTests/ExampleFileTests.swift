import Foundation
import LifecycleRules
import TestBroker
import Testing

/// The rules that users read first.
struct ExampleFileTests {
  private static let names = ["bank-account", "stock", "seat", "user"]

  @Test(arguments: names)
  func `an example has no fault, and its own examples show all of it`(name: String) throws {
    let path = PackageRoot.url.appending(path: "Examples/Rules/\(name).yaml").path
    let check = RulesFile.check(path: path)
    #expect(check.description == "")
    let rules = try #require(check.rules)
    let runner = ExampleRunner(rules)
    for example in rules.examples {
      #expect(runner.run(example).failures == [], "\(example.path):\(example.line)")
    }
    #expect(runner.coverage.uncovered.map(\.name) == [])
    #expect(rules.examples.count >= 6)
  }

  @Test(arguments: names)
  func `no guard of an example can be left out`(name: String) throws {
    let path = PackageRoot.url.appending(path: "Examples/Rules/\(name).yaml").path
    let text = try String(contentsOfFile: path, encoding: .utf8)
    // Every comparison turned around: some example must fail.
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where line.contains("if:") || line.contains("when: [state.") || line.contains("when: [quantity") {
      let turned = [(" <= ", " > "), (" >= ", " < "), (" < ", " >= "), (" == ", " != "), (" or ", " and ")]
      guard let (sign, other) = turned.first(where: { line.contains($0.0) }) else { continue }
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      lines[index] = line.replacingOccurrences(of: sign, with: other)
      guard let rules = RulesFile.check(lines.joined(separator: "\n"), path: path).rules else {
        Issue.record("\(path):\(index + 1) is no rule any more")
        continue
      }
      let runner = ExampleRunner(rules)
      #expect(rules.examples.contains { !runner.run($0).isPassed }, "\(path):\(index + 1)")
    }
  }
}
