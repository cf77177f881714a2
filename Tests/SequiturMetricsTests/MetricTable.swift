import SequiturMetrics

/// How the pages show metrics.
extension MetricDefinition {
  static let tableHead = "| metric | kind | what it says, and when it is bad |\n|---|---|---|\n"

  var tableRow: String {
    let labels = labels.isEmpty ? "" : " by " + labels.map { "`\($0)`" }.joined(separator: ", ")
    return "| `\(name)` | \(kind.name)\(labels) | \(help)." + (cure.isEmpty ? "" : " \(cure)") + " |"
  }
}
