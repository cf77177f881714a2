import Foundation
import TestBroker
import Testing

/// Operators set alarms by docs/metrics.md.
struct DocumentedMetricTests {
  /// The enumeration's cases, with the metrics' names.
  private func metrics() throws -> [(word: String, name: String)] {
    let text = try ProjectFile.read("Sources/SequiturMetrics/WorkerMetric.swift").text
    return text.matches(of: /case (\w+) = "([a-z_]+)"/).map { (String($0.1), String($0.2)) }
  }

  @Test func `every metric that a page names is one, and no name is written outside of the enumeration`()
    throws
  {
    let known = Set(try metrics().map(\.name))
    #expect(known.count >= 60)
    for page in ["operations", "changing-rules", "rebalancing", "state", "runbook"] {
      let text = try ProjectFile.read("docs/\(page).md").text
      let named = Set(text.matches(of: /`(sequitur_[a-z_]+)`/).map { String($0.1) })
      #expect(named.subtracting(known) == [], "docs/\(page).md")
    }
    for file in try ProjectFile.swift(in: "Sources") where !file.path.hasPrefix("Sources/SequiturMetrics/") {
      let made = file.text.matches(of: /label: "(sequitur_[a-z_]+)"/).map { String($0.1) }
      #expect(made == [], "\(file.path)")
    }
  }

  @Test func `every metric is recorded somewhere`() throws {
    let sources = try ProjectFile.swift(in: "Sources/SequiturWorker").map(\.text).joined(separator: "\n")
    let missing = try metrics().map(\.word).filter { word in
      !sources.contains(".\(word),") && !sources.contains(".\(word))")
    }
    #expect(missing == [])
  }
}

/// Whoever is on call looks reasons up in docs/runbook.md.
struct RunbookTests {
  private func reasons() throws -> [String] {
    let text = try ProjectFile.read("Sources/SequiturWorker/Health/TroubleReason.swift").text
    let declared = text.components(separatedBy: "/// A sentence of what it means.")[0]
    return declared.matches(of: /case (\w+)(?: = "([a-z-]+)")?/).map { String($0.2 ?? $0.1) }
  }

  @Test func `the runbook has an entry for each reason, and no other`() throws {
    let reasons = try reasons()
    #expect(reasons.count >= 12)
    let text = try ProjectFile.read("docs/runbook.md").text
    let entries = Self.entries(of: text, "\n## ").filter { !["Alerts", "Other doors"].contains($0.name) }
    #expect(entries.map(\.name).sorted() == reasons.sorted())
    for entry in entries {
      #expect(entry.text.contains("**Do:**") || entry.text.contains("| do |"), "\(entry.name)")
    }
  }

  @Test func `the runbook has a row for each reason of the other doors`() throws {
    let text = try ProjectFile.read("docs/runbook.md").text
    let table = try #require(text.components(separatedBy: "\n## Other doors\n").last)
    let rows = Set(table.matches(of: /\n\| `([a-z-]+)` \|/).map { String($0.1) })
    var reasons: Set<String> = []
    for file in ["Gateway/GatewayService", "View/ViewService", "Project/ProjectorService"] {
      let source = try ProjectFile.read("Sources/sequitur/\(file).swift").text
      reasons.formUnion(source.matches(of: /(?:reason: |trouble\(\s*)"([a-z-]+)"/).map { String($0.1) })
    }
    #expect(reasons.count >= 9)
    #expect(rows == reasons, "\(rows.symmetricDifference(reasons))")
  }

  @Test func `the runbook has an entry for each alert, and each alert names its own`() throws {
    let rules = try ProjectFile.read("deploy/prometheus/sequitur-alerts.yaml").text
    let alerts = rules.matches(of: /- alert: (\w+)/).map { String($0.1) }
    #expect(alerts.count >= 8)
    let text = try ProjectFile.read("docs/runbook.md").text
    let entries = Self.entries(of: text, "\n### ")
    #expect(entries.map(\.name).sorted() == alerts.sorted())
    for entry in entries { #expect(entry.text.contains("**Do:**"), "\(entry.name)") }
    let named = rules.matches(of: /runbook: "docs\/runbook\.md#(.+?)"/).map { String($0.1) }
    #expect(named == alerts.map { $0 == "SequiturTrouble" ? "{{ $labels.reason }}" : $0.lowercased() })
    let excused = try #require(rules.firstMatch(of: /reason!~"(.+?)"/)).1.split(separator: "|")
    #expect(Set(excused.map(String.init)).subtracting(try reasons()) == [])
  }

  @Test func `dashboard and alert rules name metrics that there are`() throws {
    let text = try ProjectFile.read("Sources/SequiturMetrics/WorkerMetric.swift").text
    let known = Set(text.matches(of: /case \w+ = "([a-z_]+)"/).map { String($0.1) })
    for path in [
      "deploy/prometheus/sequitur-alerts.yaml", "deploy/prometheus/sequitur-alerts-test.yaml",
      "deploy/grafana/sequitur-workers.json",
    ] {
      let words = try ProjectFile.read(path).text.matches(of: /\b((?:sequitur|process)_[a-z_0-9]+)/)
      let named = Set(
        words.map { match in
          let name = String(match.1)
          return name.hasSuffix("_bucket") ? String(name.dropLast(7)) : name
        })
      #expect(named.subtracting(known) == [], "\(path)")
      #expect(named.count >= 5)
    }
  }

  private static func entries(of text: String, _ heading: String) -> [(name: String, text: String)] {
    text.components(separatedBy: heading).dropFirst().map { entry in
      (name: String(entry.prefix { $0 != "\n" }), text: entry)
    }
  }
}

/// Prometheus's own tool reads the rules.
struct AlertRuleTests {
  @Test(arguments: [
    ["check", "rules", "deploy/prometheus/sequitur-alerts.yaml"],
    ["test", "rules", "deploy/prometheus/sequitur-alerts-test.yaml"],
  ])
  func `the alert rules are rules, and fire when they should`(arguments: [String]) async throws {
    let result = try await RunningProgram.run("promtool", arguments: arguments)
    #expect(result.exit == .code(0), "\(result.output)")
  }
}
