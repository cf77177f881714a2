import Metrics
import SequiturFollower
import SequiturMetrics
import Synchronization

/// What a ``Projector`` has done since its start, and how it is now. Any thread.
///
/// All of it is recorded through swift-metrics as well (`ProjectionMetric`), for programs that set a metrics system up.
public final class ProjectionStatistics: Sendable {
  /// One partition that this instance serves.
  public struct Partition: Sendable, Hashable {
    /// The offset on the valid topic that comes next; nil before that is known.
    public internal(set) var position: Int64?
    /// Offsets between what was read and the committed end.
    public internal(set) var lag: Int64 = 0
    /// A moment at which the table had all that was committed; nil before the first.
    public internal(set) var currentAt: ContinuousClock.Instant?
    /// Why it waits at an event; nil when it does not.
    public internal(set) var stoppedReason: String?
    let since = ContinuousClock.now

    /// How long the table has lacked something that is committed, at most.
    public var behind: Duration { lag == 0 && currentAt != nil ? .zero : .now - (currentAt ?? since) }
  }

  /// All of it at one moment.
  public struct Snapshot: Sendable, Hashable {
    /// Whether the group has given partitions out, be it none to this instance.
    public internal(set) var hasJoined = false
    /// Events that were applied or set aside.
    public internal(set) var events = 0
    /// Transactions of the database that were committed.
    public internal(set) var transactions = 0
    /// Events that were set aside, by fate: `parked`, `recorded`, `skipped`.
    public internal(set) var setAside: [String: Int] = [:]
    /// Transactions that found the position moved by somebody else.
    public internal(set) var fences = 0
    public internal(set) var isPaused = false
    /// Why transactions are tried again, and since when; nil while they are not.
    public internal(set) var trouble: String?
    public internal(set) var troubleSince: ContinuousClock.Instant?
    /// Those that this instance serves.
    public internal(set) var partitions: [Int32: Partition] = [:]
  }

  private struct State {
    var snapshot = Snapshot()
    var hasCaughtUp = false
  }

  private let state = Mutex(State())
  private let events = Counter(label: ProjectionMetric.events.rawValue)
  private let transactions = Counter(label: ProjectionMetric.transactions.rawValue)
  private let fences = Counter(label: ProjectionMetric.fences.rawValue)
  private let paused = Gauge(label: ProjectionMetric.paused.rawValue)
  private let heldUp = Gauge(label: ProjectionMetric.heldUp.rawValue)

  init() {
    for counter in [events, transactions, fences] { counter.increment(by: 0) }
    for gauge in [paused, heldUp] { gauge.record(0) }
  }

  public var snapshot: Snapshot { state.withLock { $0.snapshot } }

  // MARK: What happens

  func assigned(_ partitions: Set<Int32>) {
    let gone = state.withLock { state in
      let gone = Set(state.snapshot.partitions.keys).subtracting(partitions)
      state.snapshot.partitions = [:]
      state.snapshot.hasJoined = true
      for partition in partitions { state.snapshot.partitions[partition] = Partition() }
      state.hasCaughtUp = false
      return gone
    }
    for partition in gone {
      for metric in [ProjectionMetric.lagRecords, .lagSeconds, .position, .stopped] {
        gauge(metric, partition).destroy()
      }
    }
    for partition in partitions { gauge(.stopped, partition).record(0) }
  }

  func committed(_ count: Int, setAside: [EventFate: Int]) {
    state.withLock { state in
      state.snapshot.events += count
      state.snapshot.transactions += 1
      for (fate, count) in setAside { state.snapshot.setAside[fate.rawValue, default: 0] += count }
      state.snapshot.isPaused = false
      state.snapshot.trouble = nil
      state.snapshot.troubleSince = nil
    }
    events.increment(by: count)
    transactions.increment()
    paused.record(0)
    heldUp.record(0)
    for (fate, count) in setAside {
      Counter(label: ProjectionMetric.setAside.rawValue, dimensions: [("fate", fate.rawValue)])
        .increment(by: count)
    }
  }

  func fenced() {
    state.withLock { $0.snapshot.fences += 1 }
    fences.increment()
  }

  func foundPaused() {
    state.withLock { $0.snapshot.isPaused = true }
    paused.record(1)
  }

  func failed(_ failure: DatabaseFailure) {
    state.withLock { state in
      state.snapshot.trouble = failure.description
      state.snapshot.troubleSince = state.snapshot.troubleSince ?? .now
    }
    heldUp.record(1)
    Counter(label: ProjectionMetric.failures.rawValue, dimensions: [("kind", "\(failure.kind)")]).increment()
  }

  func stopped(_ partition: Int32, _ reason: String?) {
    state.withLock { $0.snapshot.partitions[partition]?.stoppedReason = reason }
    gauge(.stopped, partition).record(reason == nil ? 0 : 1)
  }

  /// - Returns: how many events were applied so far, once all partitions have caught up for the first time.
  func progressed(_ partition: Int32, _ status: FollowStatus) -> Int? {
    let (shown, caughtUp) = state.withLock { state -> (Partition?, Int?) in
      guard var shown = state.snapshot.partitions[partition] else { return (nil, nil) }
      shown.position = status.position?.offset ?? shown.position
      shown.lag = status.lag
      shown.currentAt = status.currentAt
      state.snapshot.partitions[partition] = shown
      guard !state.hasCaughtUp,
        state.snapshot.partitions.values.allSatisfy({ $0.currentAt != nil && $0.stoppedReason == nil })
      else { return (shown, nil) }
      state.hasCaughtUp = true
      return (shown, state.snapshot.events)
    }
    if let shown {
      gauge(.lagRecords, partition).record(shown.lag)
      gauge(.lagSeconds, partition).record(shown.behind / .seconds(1))
      if let position = shown.position { gauge(.position, partition).record(position) }
    }
    return caughtUp
  }

  private func gauge(_ metric: ProjectionMetric, _ partition: Int32) -> Gauge {
    Gauge(label: metric.rawValue, dimensions: [("partition", "\(partition)")])
  }
}
