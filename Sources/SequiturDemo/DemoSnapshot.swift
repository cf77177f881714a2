import SequiturWorker

/// What a live view shows at one moment.
struct DemoSnapshot: Sendable, Hashable {
  /// What the run is at.
  enum Phase: Sendable, Hashable {
    case starting
    case joining
    case restoring
    case processing
    case stopping
    case done

    var text: String {
      switch self {
      case .starting: "starting the worker…"
      case .joining: "joining the group…"
      case .restoring: "restoring the state…"
      case .processing: "processing"
      case .stopping: "stopping the worker…"
      case .done: "done"
      }
    }
  }

  var phase = Phase.starting
  /// Where the broker is.
  var broker = ""
  var elapsed = Duration.zero
  /// How many commands there will be.
  var total = 0
  var sent = 0
  var accepted = 0
  /// By code.
  var rejected: [String: Int] = [:]
  var transactions = 0
  /// Of the last transactions.
  var commitDurations: [Duration] = []
  /// Commands a second: the newest last, one for each interval of the view.
  var rates: [Double] = []
  /// Commands that wait, by partition.
  var lags: [Int32: Int64] = [:]
  /// Changelog records still to be read, by partition that is being restored.
  var restoring: [Int32: Int64] = [:]
  /// Of all partitions being restored, together.
  var restore = RestoreProgress()

  var rejections: Int { rejected.values.reduce(0, +) }
  var commands: Int { accepted + rejections }

  /// Takes over what a worker says of itself.
  ///
  /// - Parameter ends: the offset behind the last command, by partition.
  mutating func update(_ worker: WorkerStatistics.Snapshot, ends: [Int32: Int64]) {
    accepted = worker.accepted
    rejected = Dictionary(uniqueKeysWithValues: worker.rejected.map { ($0.key.rawValue, $0.value) })
    transactions = worker.transactions
    commitDurations = worker.commitDurations
    restoring = worker.restoring
    restore = RestoreProgress()
    for progress in worker.restores.values {
      restore.records += progress.records
      restore.bytes += progress.bytes
      restore.remaining += progress.remaining
      restore.seconds = max(restore.seconds, progress.seconds)
    }
    for (partition, end) in ends { lags[partition] = max(0, end - (worker.positions[partition] ?? 0)) }
  }

  /// The duration below which so many per cent of the last commits were; nil before the first.
  func commitPercentile(_ percent: Int) -> Duration? {
    guard !commitDurations.isEmpty else { return nil }
    let sorted = commitDurations.sorted()
    return sorted[min(sorted.count - 1, sorted.count * percent / 100)]
  }
}
