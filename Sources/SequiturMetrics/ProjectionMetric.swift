/// What a projector measures. The one list: exposition and documentation follow from it.
public enum ProjectionMetric: String, MetricList, CaseIterable, Sendable {
  case events = "sequitur_projection_events_total"
  case setAside = "sequitur_projection_events_set_aside_total"
  case transactions = "sequitur_projection_transactions_total"
  case failures = "sequitur_projection_failures_total"
  case fences = "sequitur_projection_fences_total"
  case lagRecords = "sequitur_projection_lag_records"
  case lagSeconds = "sequitur_projection_lag_seconds"
  case position = "sequitur_projection_position"
  case stopped = "sequitur_projection_stopped"
  case paused = "sequitur_projection_paused"
  case heldUp = "sequitur_projection_held_up"

  /// The metric's row.
  public var definition: MetricDefinition {
    switch self {
    case .events:
      row(.counter, "Events that were applied or set aside", cure: "Standing still while there is a lag.")
    case .setAside:
      row(
        .counter, by: ["fate"], "Events that were set aside, by fate: parked, recorded, skipped",
        cure: "Any rise: sequitur_event has the reasons.")
    case .transactions: row(.counter, "Transactions of the database that were committed")
    case .failures:
      row(
        .counter, by: ["kind"],
        "Transactions that failed, by what that was: connection, conflict, data, setup, trouble",
        cure: "A steady rise: the log says why.")
    case .fences:
      row(
        .counter, "Transactions that found the position moved by somebody else",
        cure: "Some at each change of the group are normal.")
    case .lagRecords:
      row(
        .gauge, by: ["partition"], "Offsets between what was read and the committed end",
        cure: "Rising: the database does not keep up, or sequitur_projection_held_up is 1.")
    case .lagSeconds:
      row(
        .gauge, unit: "seconds", by: ["partition"],
        "Since the table had all that was committed; 0 while it has",
        cure: "Above what readers accept.")
    case .position: row(.gauge, by: ["partition"], "Offset on the valid topic that comes next")
    case .stopped:
      row(
        .gauge, by: ["partition"], "1 while the partition waits at an event that is not taken",
        cure: "1: mend it, or leave the event out with sequitur project skip.")
    case .paused: row(.gauge, "1 while the projection is paused", cure: "sequitur project resume.")
    case .heldUp:
      row(
        .gauge, "1 while a transaction is tried again", cure: "1 for long: the log and /ready say why.")
    }
  }
}
