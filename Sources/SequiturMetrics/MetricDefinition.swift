/// What is known of one metric: its exposition, docs/metrics.md, and the tests of dashboard and alert rules are made from it.
public struct MetricDefinition: Sendable, Hashable {
  /// Like `sequitur_commands_accepted_total`.
  public let name: String
  /// What its values mean.
  public let kind: MetricKind
  /// Prometheus's base unit, such as `seconds`; nil for counts of things. It stands in the name as well.
  public let unit: String?
  /// Names of its labels. Never a key: a label has few values.
  public let labels: [String]
  /// What it says, as a sentence without its full stop.
  public let help: String
  /// When it is bad, and what to do; empty when it tells nothing by itself.
  public let cure: String

  /// A metric's row.
  public init(
    _ name: String, _ kind: MetricKind, unit: String? = nil, labels: [String] = [], _ help: String,
    cure: String = ""
  ) {
    self.name = name
    self.kind = kind
    self.unit = unit
    self.labels = labels
    self.help = help
    self.cure = cure
  }
}

/// A list of metrics, whose raw values are their names.
protocol MetricList: RawRepresentable<String> {}

extension MetricList {
  /// The row of the metric with this name.
  func row(
    _ kind: MetricKind, unit: String? = nil, by labels: [String] = [], _ help: String, cure: String = ""
  ) -> MetricDefinition {
    MetricDefinition(rawValue, kind, unit: unit, labels: labels, help, cure: cure)
  }
}
