/// What a gateway measures. The one list, as ``WorkerMetric`` is for workers.
public enum GatewayMetric: String, MetricList, CaseIterable, Sendable {
  case ready = "sequitur_gateway_ready"
  case answers = "sequitur_gateway_commands_answered_total"
  case held = "sequitur_gateway_commands_held"
  case outcomes = "sequitur_gateway_outcomes_read_total"
  case silence = "sequitur_gateway_broker_silence_seconds"
  case stalled = "sequitur_gateway_stalled_commands"

  /// The metric's row.
  public var definition: MetricDefinition {
    switch self {
    case .ready: row(.gauge, "1 while the cluster answers, as /ready says", cure: "0: /status says why.")
    case .answers:
      row(
        .counter, by: ["status"], "Requests for commands that were answered, by HTTP status",
        cure: "429 and 503 rising: too much is asked, or the workers or brokers do not keep up.")
    case .held:
      row(
        .gauge, "Requests for commands that wait for an acknowledgement or an outcome",
        cure: "Near --requests-max: the next ones are answered 429.")
    case .outcomes: row(.counter, "Outcomes that were read, of all workers")
    case .silence:
      row(
        .gauge, unit: "seconds", "How long the cluster has owed an answer",
        cure: "Above 10: look at the brokers, and the network.")
    case .stalled:
      row(
        .gauge, by: ["partition"],
        "Commands of a partition that wait while no outcome comes; 0 when outcomes come again",
        cure: "Above 0: no worker serves that partition. Look at the workers.")
    }
  }
}
