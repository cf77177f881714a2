/// What a relay of an outbox measures. The one list, as ``WorkerMetric`` is for workers.
public enum OutboxMetric: String, CaseIterable, Sendable {
  case ready = "sequitur_outbox_ready"
  case sent = "sequitur_outbox_rows_sent_total"
  case parked = "sequitur_outbox_rows_parked_total"
  case recovered = "sequitur_outbox_rows_recovered_total"
  case transactions = "sequitur_outbox_transactions_total"
  case failures = "sequitur_outbox_step_failures_total"
  case waiting = "sequitur_outbox_rows_waiting"
  case oldest = "sequitur_outbox_oldest_row_seconds"
  case parkedRows = "sequitur_outbox_parked_rows"
  case oldestTransaction = "sequitur_outbox_database_transaction_seconds"
  case slotPending = "sequitur_outbox_slot_pending_bytes"
  case slotRetained = "sequitur_outbox_slot_retained_bytes"
  case lookAge = "sequitur_outbox_look_age_seconds"

  /// The metric's row.
  public var definition: MetricDefinition {
    switch self {
    case .ready:
      gauge("1 while the relay sends rows as they come, as /ready says", "0: /status says why.")
    case .sent:
      counter("Rows that became commands", "Standing still while rows wait: see sequitur_outbox_ready.")
    case .parked:
      counter("Rows that this process parked", "Any rise: somebody must decide what becomes of them.")
    case .recovered: counter("Rows of a predecessor that were sent before, and deleted at the start")
    case .transactions: counter("Kafka transactions that were committed")
    case .failures:
      counter("Steps that failed and were made again", "A steady rise: the log says why.")
    case .waiting:
      gauge("Rows in the table, with --mode poll", "Rising: more is written than the relay sends.")
    case .oldest:
      gauge(
        unit: "seconds", "How old the oldest row is, with --mode poll",
        "Above what users accept: see sequitur_outbox_ready.")
    case .parkedRows:
      gauge(by: ["reason"], "Parked rows, by reason", "Above 0: somebody must decide what becomes of them.")
    case .oldestTransaction:
      gauge(
        unit: "seconds", "How long the database's oldest transaction is open",
        "An hour: deleted rows cannot be cleaned up meanwhile. Look for it in pg_stat_activity.")
    case .slotPending:
      gauge(
        unit: "bytes", "Log that the slot has not let go of, with --mode tail",
        "Rising while sequitur_outbox_ready is 1: more is written than the relay reads.")
    case .slotRetained:
      gauge(
        unit: "bytes", "Log that the database keeps for the slot, with --mode tail",
        "Near max_slot_wal_keep_size: the slot is about to be lost.")
    case .lookAge:
      gauge(
        unit: "seconds", "Since the database was asked for the figures above last",
        "A minute: it does not answer, and they are old.")
    }
  }

  private func counter(_ help: String, _ cure: String = "") -> MetricDefinition {
    MetricDefinition(rawValue, .counter, help, cure: cure)
  }

  private func gauge(
    by labels: [String] = [], unit: String? = nil, _ help: String, _ cure: String = ""
  ) -> MetricDefinition {
    MetricDefinition(rawValue, .gauge, unit: unit, labels: labels, help, cure: cure)
  }
}
