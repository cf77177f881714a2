/// What a view measures. The one list, as ``WorkerMetric`` is for workers.
public enum ViewMetric: String, MetricList, CaseIterable, Sendable {
  case ready = "sequitur_view_ready"
  case records = "sequitur_view_records_total"
  case lagRecords = "sequitur_view_lag_records"
  case lagSeconds = "sequitur_view_lag_seconds"
  case remaining = "sequitur_view_catch_up_records"
  case listeners = "sequitur_view_listeners"
  case merged = "sequitur_view_changes_merged_total"
  case rebuilds = "sequitur_view_rebuilds_total"

  /// The metric's row.
  public var definition: MetricDefinition {
    switch self {
    case .ready:
      row(.gauge, "1 while it has caught up and follows, as /ready says", cure: "0: /status says why.")
    case .records: row(.counter, "Records of the changelog that were taken, by a view that prints")
    case .lagRecords:
      row(
        .gauge, "Offsets up to the committed end, markers of transactions included",
        cure: "Rising: who reads its output, or its disk, does not keep up.")
    case .lagSeconds:
      row(
        .gauge, unit: "seconds", "At most so old is what it shows",
        cure: "Above what its readers accept: the cluster does not answer, or a transaction is open.")
    case .remaining:
      row(.gauge, "Offsets that it has to read before it has caught up the first time; 0 behind that")
    case .listeners: row(.gauge, "Clients of /changes")
    case .merged:
      row(
        .counter, "Changes that were merged into later ones, because a listener was slow",
        cure: "A steady rise: a client of /changes does not keep up.")
    case .rebuilds:
      row(
        .counter, "Times that a partition was read anew from the beginning",
        cure: "Any rise: deletions may have been missed, or the changelog was made anew; the log says why.")
    }
  }
}
