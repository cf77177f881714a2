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
    let table = all.map(\.tableRow).joined(separator: "\n")
    let found = try PageTable.find("docs/metrics.md", behind: MetricDefinition.tableHead, writing: table)
    #expect(
      found == table, "write it with SEQUITUR_WRITE_DOCS=1 swift test --filter WorkerMetricTests")
  }
}
