/// Why a worker, or one of its partitions, does not go on. The one list: the log, `/ready`, the page, the metric
/// `sequitur_trouble` and docs/runbook.md name reasons by it.
public enum TroubleReason: String, CaseIterable, Codable, Sendable {
  /// The worker has not joined its group yet, or opens its store.
  case starting
  /// The worker was told to end.
  case stopping
  /// The group does not take the worker as its member.
  case groupRefused = "group-refused"
  /// The worker waits for the group to assign partitions.
  case rebalancing
  /// Another process has the worker's instance id.
  case fenced
  /// The partition's state is being restored.
  case restoring
  /// The partition's state cannot be restored as it is.
  case partitionRefused = "partition-refused"
  /// The cluster does not answer.
  case brokerSilent = "broker-silent"
  /// A transaction does not end: a sender's on the commands, a former owner's, or this worker's own.
  case transactionHung = "transaction-hung"
  /// The decider works on one command.
  case deciderSlow = "decider-slow"
  /// The local store cannot be written, as on a full disk.
  case storeUnwritable = "store-unwritable"
  /// The brokers refuse to give commands, or the changelog.
  case inputRefused = "input-refused"
  /// The brokers refuse outcomes.
  case outputRefused = "output-refused"
  /// The lane pauses, since its store cannot be read.
  case paused
  /// Commands wait, and nothing is known that keeps them.
  case standstill

  /// A sentence of what it means.
  public var sentence: String {
    switch self {
    case .starting: "The worker is starting."
    case .stopping: "The worker is ending in order."
    case .groupRefused: "The group does not take this worker."
    case .rebalancing: "The worker waits for the group to assign partitions."
    case .fenced: "Another process has this worker's instance id."
    case .restoring: "The partition's state is being restored from the changelog."
    case .partitionRefused: "The partition is not served, since its state cannot be restored."
    case .brokerSilent: "The cluster does not answer."
    case .transactionHung: "A transaction does not end, and what lies behind it cannot be read."
    case .deciderSlow: "The decider has been working on one command."
    case .storeUnwritable: "The local store cannot be written."
    case .inputRefused: "The brokers refuse to give what is to be read."
    case .outputRefused: "The brokers refuse outcomes."
    case .paused: "The lane pauses, since its store cannot be read."
    case .standstill: "Commands wait, and none is processed."
    }
  }

  /// What to do about it.
  public var cure: String {
    switch self {
    case .starting: "Wait. If it lasts, read the log: it says what is missing."
    case .stopping: "Nothing: it ends when its transactions have."
    case .groupRefused: "Read the log: it names the right or the setting that is missing."
    case .rebalancing:
      "Wait for a session's time-out. If it lasts, look which member does not answer the group."
    case .fenced: "Give each worker an --instance-id of its own, or end the other process."
    case .restoring: "Wait: the page and sequitur_restore_left_seconds say how long."
    case .partitionRefused: "Look the reason up in docs/operations.md, When a partition is refused."
    case .brokerSilent: "Look at the brokers, and at the network between. The worker goes on by itself."
    case .transactionHung:
      "End or restart who left it open, or wait until its time is over (transaction.timeout.ms, and up to 10 s)."
    case .deciderSlow: "Look at the command, and at what the decider waits for. Deciders must not do I/O."
    case .storeUnwritable: "Make room on the disk, or mend it. The worker goes on by itself."
    case .inputRefused:
      "Give the user the right Read on the topic that is named. The worker goes on by itself."
    case .outputRefused:
      "Read the log for what is refused: a right, a size, or replicas. The worker tries on."
    case .paused: "Look at the disk. The worker tries again twice a second."
    case .standstill: "Read the log. If it says nothing, restart the worker, and report it with /status."
    }
  }

  /// Whether it is a step on the way and nobody's fault: not logged as trouble, though the worker is not ready.
  var isOrdinary: Bool {
    switch self {
    case .starting, .stopping, .rebalancing, .restoring: true
    default: false
    }
  }
}
