import Foundation
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
    let entries = text.components(separatedBy: "\n## ").dropFirst().map { entry in
      (name: String(entry.prefix { $0 != "\n" }), text: entry)
    }
    #expect(entries.map(\.name).sorted() == reasons.sorted())
    for entry in entries {
      #expect(entry.text.contains("**Do:**") || entry.text.contains("| do |"), "\(entry.name)")
    }
  }
}
