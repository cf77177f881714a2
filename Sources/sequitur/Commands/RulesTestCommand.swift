import ArgumentParser
import LifecycleRules
import ReadableText
import TerminalView

/// `sequitur rules test`.
struct RulesTestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run the examples of rules files, and say what they do not show.",
    discussion: """
      A file that has only `examples` belongs to the rules file named before it. The exit code is 1 when an example \
      fails, or a file has a fault.
      """)

  @Argument(help: "Rules files, each followed by further files with examples for it (YAML).") var files:
    [String]
  @Flag(help: .json) var json = false
  @Flag(name: .customLong("full-coverage"), help: "Fail as well when something is not shown by any example.")
  var needsFullCoverage = false

  func run() async throws {
    let suites = try load()
    var reports: [Report] = []
    for suite in suites {
      let runner = ExampleRunner(suite.rules)
      let results = suite.examples.map { runner.run($0) }
      reports.append(
        Report(path: suite.path, object: suite.rules.object, results: results, coverage: runner.coverage))
    }
    if json {
      try Output.print(documentLine: reports.map(\.document))
    } else {
      for report in reports { try report.print() }
    }
    let isFine = reports.allSatisfy { $0.isPassed && ($0.coverage.isFull || !needsFullCoverage) }
    if !isFine { throw CommandFailure.reportedFault }
  }

  private struct Suite {
    let path: String
    let rules: Rules
    var examples: [RulesExample]
  }

  /// The rules with all their examples.
  private func load() throws -> [Suite] {
    var suites: [Suite] = []
    for path in files {
      do {
        let bytes = try RulesFile.readableBytes(path)
        if let last = suites.last, let examples = try RulesFile.examples(bytes, path: path, for: last.rules) {
          suites[suites.count - 1].examples += examples
          continue
        }
        let check = RulesFile.check(bytes, path: path)
        for fault in check.warnings where check.rules != nil { Terminal.printError("\(fault)") }
        guard let rules = check.rules else { throw RulesFaults(faults: check.faults) }
        suites.append(Suite(path: path, rules: rules, examples: rules.examples))
      } catch let faults as RulesFaults {
        for fault in faults.faults { Terminal.printError("\(fault)") }
        throw CommandFailure.reportedFault
      }
    }
    return suites
  }

  private struct Report {
    let path: String
    let object: String
    let results: [ExampleRunner.Result]
    let coverage: RulesCoverage

    var isPassed: Bool { results.allSatisfy(\.isPassed) }

    func print() throws {
      for result in results where !result.isPassed {
        for failure in result.failures {
          try Self.print(
            "\(result.example.path):\(result.example.line): \(result.example.name): \(failure).")
        }
      }
      for item in coverage.uncovered {
        try Self.print("\(path):\(item.line): no example shows: \(item.name)")
      }
      let failed = results.filter { !$0.isPassed }.count
      let parts = RulesCoverage.Kind.allCases.compactMap { kind in
        let (covered, all) = coverage.count(kind)
        return all == 0 ? nil : "\(covered) of \(all) \(kind.rawValue)"
      }
      let outcome =
        failed > 0
        ? "\(failed.grouped) \(failed == 1 ? "fails" : "fail")" : results.count == 1 ? "passes" : "all pass"
      try Self.print(
        "\(path): \(object): \(results.count.counted("example"))\(results.isEmpty ? "" : ", \(outcome)"); shown: "
          + parts.joined(separator: ", "))
    }

    /// One line, whatever the file's name and the examples hold.
    private static func print(_ line: String) throws { try Output.print(ShownText.line(line, atMost: nil)) }

    var document: Document {
      Document(
        path: path, object: object, examples: results.count,
        failures: results.flatMap { result in
          result.failures.map {
            Document.Failure(
              path: result.example.path, line: result.example.line, name: result.example.name, message: $0)
          }
        },
        coverage: Dictionary(
          uniqueKeysWithValues: RulesCoverage.Kind.allCases.map { kind in
            let (covered, all) = coverage.count(kind)
            return (kind.rawValue, Document.Coverage(covered: covered, all: all))
          }),
        uncovered: coverage.uncovered.map {
          Document.Item(kind: $0.kind.rawValue, name: $0.name, line: $0.line)
        })
    }
  }

  private struct Document: Encodable {
    struct Failure: Encodable {
      let path: String
      let line: Int
      let name: String
      let message: String
    }

    struct Coverage: Encodable {
      let covered: Int
      let all: Int
    }

    struct Item: Encodable {
      let kind: String
      let name: String
      let line: Int
    }

    let path: String
    let object: String
    let examples: Int
    let failures: [Failure]
    let coverage: [String: Coverage]
    let uncovered: [Item]
  }
}
