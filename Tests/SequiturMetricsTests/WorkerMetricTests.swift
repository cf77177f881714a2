import Foundation
import SequiturMetrics
import TestBroker
import Testing

/// The enumeration keeps Prometheus's conventions, and docs/metrics.md is its table.
struct WorkerMetricTests {
  private let all = WorkerMetric.allCases.map(\.definition)

  @Test func `there are enough metrics to be on call with`() {
    #expect(all.count >= 60)
    #expect(Set(all.map(\.name)).count == all.count)
  }

  @Test(arguments: WorkerMetric.allCases)
  func `a metric's name says its kind and its unit`(metric: WorkerMetric) {
    let row = metric.definition
    #expect(row.name.wholeMatch(of: /(sequitur|process)_[a-z_]+[a-z]/) != nil)
    #expect(row.name.hasSuffix("_total") == (row.kind == .counter))
    if let unit = row.unit {
      #expect(["seconds", "bytes"].contains(unit))
      let base = row.name.hasSuffix("_total") ? String(row.name.dropLast(6)) : row.name
      #expect(base.hasSuffix("_\(unit)"), "\(row.name)")
    } else {
      #expect(!row.name.contains("_seconds") && !row.name.contains("_bytes"), "\(row.name)")
    }
    #expect(row.help.first?.isUppercase == true || row.help.first?.isNumber == true)
    #expect(!row.help.hasSuffix("."))
    #expect(row.cure.isEmpty || row.cure.hasSuffix("."))
  }

  @Test func `no label is a key, and each has few values`() {
    let labels = Set(all.flatMap(\.labels))
    #expect(labels == ["broker", "class", "code", "kind", "lane", "outcome", "partition", "reason", "share"])
    #expect(all.allSatisfy { $0.labels.count <= 1 })
  }

  /// `SEQUITUR_WRITE_DOCS=1` writes it.
  @Test func `docs/metrics.md is the enumeration's table`() throws {
    let url = PackageRoot.url.appending(path: "docs/metrics.md")
    let text = try String(contentsOf: url, encoding: .utf8)
    let marker = "| metric | kind | what it says, and when it is bad |\n|---|---|---|\n"
    let start = try #require(text.range(of: marker))
    let rest = text[start.upperBound...]
    let end = rest.range(of: "\n\n")?.lowerBound ?? rest.endIndex
    let rows = all.map { row in
      let labels = row.labels.isEmpty ? "" : " by " + row.labels.map { "`\($0)`" }.joined(separator: ", ")
      return "| `\(row.name)` | \(row.kind.name)\(labels) | \(row.help)."
        + (row.cure.isEmpty ? "" : " \(row.cure)") + " |"
    }
    let table = rows.joined(separator: "\n")
    if ProcessInfo.processInfo.environment["SEQUITUR_WRITE_DOCS"] != nil {
      try (text[..<start.upperBound] + table + text[end...]).write(to: url, atomically: true, encoding: .utf8)
    }
    #expect(
      rest[..<end] == table, "write it with SEQUITUR_WRITE_DOCS=1 swift test --filter WorkerMetricTests")
  }
}
