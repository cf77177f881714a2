import SequiturMetrics
import TestBroker
import Testing

/// The enumeration keeps Prometheus's conventions, and docs/gateway.md has its table.
struct GatewayMetricTests {
  private let all = GatewayMetric.allCases.map(\.definition)

  @Test(arguments: GatewayMetric.allCases)
  func `a metric's name says its kind and its unit`(metric: GatewayMetric) {
    let row = metric.definition
    #expect(row.name.wholeMatch(of: /sequitur_gateway_[a-z_]+[a-z]/) != nil)
    #expect(row.name.hasSuffix("_total") == (row.kind == .counter))
    #expect(row.name.contains("_seconds") == (row.unit == "seconds"))
    #expect(row.name.contains("_bytes") == (row.unit == "bytes"))
    #expect(!row.help.hasSuffix("."))
    #expect(row.cure.isEmpty || row.cure.hasSuffix("."))
  }

  @Test func `docs/gateway.md has the enumeration's table`() throws {
    let table = all.map(\.tableRow).joined(separator: "\n")
    let found = try PageTable.find("docs/gateway.md", behind: MetricDefinition.tableHead, writing: table)
    #expect(
      found == table, "write it with SEQUITUR_WRITE_DOCS=1 swift test --filter GatewayMetricTests")
  }
}
