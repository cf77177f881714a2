import Foundation
import SequiturMetrics
import TestBroker
import Testing

/// The enumeration keeps Prometheus's conventions, and docs/outbox.md has its table.
struct OutboxMetricTests {
  private let all = OutboxMetric.allCases.map(\.definition)

  @Test(arguments: OutboxMetric.allCases)
  func `a metric's name says its kind and its unit`(metric: OutboxMetric) {
    let row = metric.definition
    #expect(row.name.wholeMatch(of: /sequitur_outbox_[a-z_]+[a-z]/) != nil)
    #expect(row.name.hasSuffix("_total") == (row.kind == .counter))
    #expect(row.name.contains("_seconds") == (row.unit == "seconds"))
    #expect(row.name.contains("_bytes") == (row.unit == "bytes"))
    #expect(!row.help.hasSuffix("."))
    #expect(row.cure.isEmpty || row.cure.hasSuffix("."))
  }

  @Test func `docs/outbox.md has the enumeration's table`() throws {
    let url = PackageRoot.url.appending(path: "docs/outbox.md")
    let text = try String(contentsOf: url, encoding: .utf8)
    let marker = "| metric | kind | what it says, and when it is bad |\n|---|---|---|\n"
    let start = try #require(text.range(of: marker))
    let rest = text[start.upperBound...]
    let end = rest.range(of: "\n\n")?.lowerBound ?? rest.endIndex
    let table = all.map { row in
      let labels = row.labels.isEmpty ? "" : " by " + row.labels.map { "`\($0)`" }.joined(separator: ", ")
      return "| `\(row.name)` | \(row.kind.name)\(labels) | \(row.help)."
        + (row.cure.isEmpty ? "" : " \(row.cure)") + " |"
    }.joined(separator: "\n")
    if ProcessInfo.processInfo.environment["SEQUITUR_WRITE_DOCS"] != nil {
      try (text[..<start.upperBound] + table + text[end...]).write(to: url, atomically: true, encoding: .utf8)
    }
    #expect(
      rest[..<end] == table, "write it with SEQUITUR_WRITE_DOCS=1 swift test --filter OutboxMetricTests")
  }
}
