import KafkaClient
import Metrics
import PartitionEngine
import Sequitur
import SequiturMetrics
import Synchronization

/// What a worker has done, for the live view and for swift-metrics. Any thread may read and write.
public final class WorkerStatistics: Sendable {
  /// The figures at one moment; all counts since the start.
  public struct Snapshot: Sendable, Hashable {
    /// Commands that made events.
    public var accepted = 0
    /// Rejected commands, by code.
    public var rejected: [RejectionCode: Int] = [:]
    /// Transactions that were committed.
    public var transactions = 0
    /// Of the last transactions, from sending to the commit's answer; newest last, at most 256.
    public var commitDurations: [Duration] = []
    /// The next command offset after the last commit, by partition served here.
    public var positions: [Int32: Int64] = [:]
    /// How far the partitions are that are being restored.
    public var restores: [Int32: RestoreProgress] = [:]
    /// Changelog records still to be read, by partition being restored.
    public var restoring: [Int32: Int64] { restores.mapValues(\.remaining) }
    /// Why the local store cannot be written; `nil` when all is well. A worker with a fault is unhealthy.
    public var storeFault: String?
    /// Why the brokers refuse outcomes; `nil` when all is well. A worker with a fault is unhealthy.
    public var outputFault: String?
    /// How often the brokers have refused outcomes.
    public var outputRefusals = 0
    /// Why the worker cannot join its group; `nil` when it can. A worker with a fault is unhealthy.
    public var groupFault: String?

    /// Why partitions that are assigned are not served.
    public var refusals: [Int32: String] = [:]

    /// Rejected commands, of all codes.
    public var rejections: Int { rejected.values.reduce(0, +) }
    /// Commands with an outcome.
    public var commands: Int { accepted + rejections }
  }

  /// What of it is told as it happens, and all else that the worker tells.
  let events = WorkerEventHub()
  private let state = Mutex(Snapshot())
  private let life = Mutex(Life())
  let meters: WorkerMeters

  /// What the watch needs to know besides the snapshot.
  private struct Life {
    var phase = WorkerFacts.Phase.starting
    var isMember = false
    var leftAt: ContinuousClock.Instant?
    var restoresBegun: [Int32: ContinuousClock.Instant] = [:]
    var waits: [Int32: String] = [:]
    /// Why the brokers give nothing of a partition.
    var inputFaults: [Int32: String] = [:]
    /// Changelog offsets: of the last checkpoint, and what the store stands for.
    var checkpoints: [Int32: Int64] = [:]
    var drained: [Int32: Int64] = [:]
    var store = StoreFigures()
    var health = WorkerHealth()
    var healthAt: ContinuousClock.Instant?
  }

  /// Statistics of a worker that has done nothing yet.
  public convenience init() { self.init(metrics: MetricsSystem.factory) }

  /// - Parameter metrics: makes the metrics: the process's, but in tests of metrics.
  init(metrics: any MetricsFactory) { meters = WorkerMeters(metrics) }

  /// The figures of this moment.
  public var snapshot: Snapshot { state.withLock { $0 } }

  func transactionEnded(
    accepted: Int, rejected: [RejectionCode: Int], duration: Duration, positions: [Int32: Int64]
  ) {
    meters.add(.commandsAccepted, Int64(accepted))
    meters.record(.transactionDuration, duration)
    meters.add(.transactions, 1, "committed")
    if let failed = rejected[.deciderError] { meters.add(.deciderErrors, Int64(failed)) }
    if let repeated = rejected[.duplicate] { meters.add(.duplicates, Int64(repeated)) }
    for (code, count) in rejected { meters.add(.commandsRejected, Int64(count), code.rawValue) }
    state.withLock { state in
      state.accepted += accepted
      state.rejected.merge(rejected, uniquingKeysWith: +)
      state.transactions += 1
      state.commitDurations.append(duration)
      if state.commitDurations.count > 256 { state.commitDurations.removeFirst(128) }
      state.positions.merge(positions) { _, new in new }
    }
    events.send(.committed(commands: accepted + rejected.values.reduce(0, +), positions: positions))
  }

  func transactionClosed(_ reason: BatchPolicy.Reason, commands: Int, bytes: Int) {
    meters.add(.transactionsClosed, 1, reason.rawValue)
    meters.record(.transactionCommands, Int64(commands))
    meters.record(.transactionBytes, Int64(bytes))
  }

  /// The last checkpoint of a partition stands at this offset of its changelog.
  func checkpointed(_ partition: Int32, at offset: Int64) {
    life.withLock { $0.checkpoints[partition] = offset }
  }

  /// Objects were written to the store, which now stands for this offset of the changelog.
  func drained(_ partition: Int32, to offset: Int64, objects: Int, duration: Duration) {
    meters.add(.drains)
    meters.add(.drainObjects, Int64(objects))
    meters.record(.drainDuration, duration)
    life.withLock { $0.drained[partition] = offset }
  }

  /// Offsets of the changelog that the store is behind, by partition.
  var drainLags: [Int32: Int64] {
    life.withLock { life in
      life.checkpoints.reduce(into: [:]) { lags, checkpoint in
        if let drained = life.drained[checkpoint.key] {
          lags[checkpoint.key] = max(0, checkpoint.value - drained)
        }
      }
    }
  }

  func transactionDiscarded() { meters.add(.transactions, 1, "discarded") }

  func served(_ partition: Int32, from position: Int64) {
    state.withLock {
      $0.restores[partition] = nil
      $0.positions[partition] = position
    }
    meters.add(.restores)
    restoreEnded(partition)
    events.send(.serving(partition, from: position))
  }

  func restoring(_ partition: Int32, _ progress: RestoreProgress) {
    let before = state.withLock { state in
      defer { state.restores[partition] = progress }
      return state.restores[partition] ?? RestoreProgress()
    }
    if progress.records == 0 {
      life.withLock { $0.restoresBegun[partition] = $0.restoresBegun[partition] ?? .now }
    } else {
      _ = life.withLock { $0.waits.removeValue(forKey: partition) }
    }
    meters.add(.restoreRecords, Int64(max(0, progress.records - before.records)))
    meters.add(.restoreBytes, Int64(max(0, progress.bytes - before.bytes)))
    report(progress, of: partition)
  }

  /// A restore waits for a transaction that the last owner left open, which keeps this from being read.
  func waits(_ partition: Int32, for what: String) { life.withLock { $0.waits[partition] = what } }

  /// A restore failed and is tried again.
  func restoreFailed(_ partition: Int32, why: String) {
    meters.add(.restoreFailures)
    events.send(.restoreFailed(partition, why: why))
  }

  private func restoreEnded(_ partition: Int32) {
    let begun = life.withLock { life in
      life.waits[partition] = nil
      return life.restoresBegun.removeValue(forKey: partition)
    }
    if let begun { meters.record(.restoreDuration, ContinuousClock.now - begun) }
    report(nil, of: partition)
  }

  /// The gauges of one partition; 0 once it is served or gone.
  private func report(_ progress: RestoreProgress?, of partition: Int32) {
    meters.set(.restoreRemaining, progress.map { Double($0.remaining) } ?? 0, of: partition)
    meters.set(.restoreRate, progress?.recordsPerSecond ?? 0, of: partition)
    meters.set(.restoreSecondsLeft, progress.map { min($0.secondsLeft, 1e9) } ?? 0, of: partition)
  }

  /// The store cannot be written (`nil`: it can again).
  func storeFailed(_ fault: String?) {
    meters.set(.storeHealthy, fault == nil ? 1 : 0)
    events.send(fault.map { .storeFailed(why: $0) } ?? .storeRecovered)
    state.withLock { $0.storeFault = fault }
  }

  /// The brokers have refused outcomes once more.
  func outputRefused(_ fault: String) {
    meters.set(.outputHealthy, 0)
    meters.add(.outputRefusals)
    events.send(.outputRefused(why: fault))
    state.withLock { state in
      state.outputFault = fault
      state.outputRefusals += 1
    }
  }

  /// The brokers take outcomes (`nil`), or still refuse those of another lane.
  func outputAccepted(still fault: String?) {
    meters.set(.outputHealthy, fault == nil ? 1 : 0)
    if fault == nil { events.send(.outputAccepted) }
    state.withLock { $0.outputFault = fault }
  }

  /// The partition is not served, and why.
  func refused(_ partition: Int32, _ fault: RestoreFault) {
    state.withLock {
      $0.restores[partition] = nil
      $0.refusals[partition] = "\(fault)"
    }
    restoreEnded(partition)
    meters.set(.partitionRefused, 1, of: partition)
    if case .inputChanged(let fault) = fault { commandsLost(partition, fault.lostCount) }
  }

  /// So many commands were deleted before they were processed.
  func commandsLost(_ partition: Int32, _ count: Int64) {
    meters.set(.commandsLost, Double(count), of: partition)
  }

  /// The group does not take the worker (`nil`: it does).
  func joinRefused(_ fault: String?) {
    meters.set(.groupHealthy, fault == nil ? 1 : 0)
    state.withLock { $0.groupFault = fault }
  }

  /// The brokers refuse to give the partition's commands, or its changelog.
  func inputRefused(_ partition: Int32, _ error: KafkaError) {
    let why = "\(error)." + (error.cure.map { " \($0)" } ?? "")
    life.withLock { $0.inputFaults[partition] = why }
  }

  /// They give them.
  func inputTaken(_ partition: Int32) { life.withLock { $0.inputFaults[partition] = nil } }

  func removed(_ partition: Int32) {
    state.withLock {
      $0.refusals[partition] = nil
      $0.restores[partition] = nil
      $0.positions[partition] = nil
    }
    restoreEnded(partition)
    life.withLock { life in
      life.checkpoints[partition] = nil
      life.drained[partition] = nil
      life.inputFaults[partition] = nil
    }
    for metric in WorkerMetric.allCases where metric.definition.labels == ["partition"] {
      if metric != .commandsLost { meters.remove(metric, of: partition) }
    }
  }
}

// MARK: Health

extension WorkerStatistics {
  /// How the worker is, at the last look of its watch: a second ago, or less. Before the first look, and while no watch looks, it is
  /// not ready, and says why.
  public var health: WorkerHealth {
    let (phase, health, at) = life.withLock { ($0.phase, $0.health, $0.healthAt) }
    guard case .running = phase, let at else {
      // What the watch saw last is not so any more.
      var facts = WorkerFacts()
      facts.phase = phase == .running ? .starting : phase
      var watch = ProgressWatch()
      return WorkerHealth(
        troubles: watch.look(facts, at: .zero).troubles,
        partitions: phase == .starting ? [] : health.partitions)
    }
    let age = ContinuousClock.now - at
    guard age >= ProgressWatch.stallMax else { return health }
    return WorkerHealth(
      troubles: health.troubles + [
        WorkerHealth.Trouble(
          .standstill, detail: "the worker's own watch has not looked for so long", seconds: age.seconds)
      ], partitions: health.partitions)
  }

  func entered(_ phase: WorkerFacts.Phase) {
    life.withLock { life in
      life.phase = phase
      life.healthAt = nil
      if phase != .running { life.isMember = false }
    }
    // While no watch looks, as of a worker that is fenced, nobody else says so.
    meters.show(health)
  }

  /// The worker starts anew, since it is a member no more.
  func membershipLost(_ error: KafkaError) {
    meters.add(.membershipsLost)
    entered(.startingAnew(why: "\(error)"))
    events.send(.membershipLost(error))
  }

  /// How much there is in the local store.
  public var store: StoreFigures { life.withLock { $0.store } }

  func stored(_ figures: StoreFigures) { life.withLock { $0.store = figures } }

  /// What the watch knows from here.
  var facts: WorkerFacts {
    let snapshot = snapshot
    var facts = WorkerFacts()
    let (waits, inputFaults): ([Int32: String], [Int32: String])
    (facts.phase, facts.isMember, waits, inputFaults) = life.withLock {
      ($0.phase, $0.isMember, $0.waits, $0.inputFaults)
    }
    facts.groupFault = snapshot.groupFault
    facts.storeFault = snapshot.storeFault
    facts.outputFault = snapshot.outputFault
    for (number, position) in snapshot.positions {
      facts.partitions[number] = WorkerFacts.Partition(role: .serving, position: position)
    }
    for (number, progress) in snapshot.restores {
      facts.partitions[number] = WorkerFacts.Partition(
        role: .restoring, position: snapshot.positions[number], restore: progress, waitsFor: waits[number])
    }
    for (number, why) in inputFaults { facts.partitions[number]?.inputFault = why }
    for (number, why) in snapshot.refusals {
      facts.partitions[number] = WorkerFacts.Partition(role: .refused, refusal: why)
    }
    return facts
  }

  func looked(_ health: WorkerHealth) {
    life.withLock { life in
      life.health = health
      life.healthAt = .now
    }
  }

  // MARK: The group

  /// The group gave partitions to this worker, were it none.
  func joined() {
    let leftAt = life.withLock { life in
      life.isMember = true
      defer { life.leftAt = nil }
      return life.leftAt
    }
    meters.add(.rebalances, 1, "assigned")
    if let leftAt { meters.record(.rebalanceDuration, ContinuousClock.now - leftAt) }
  }

  /// The group took partitions back, or gave them to others.
  func left(isLost: Bool) {
    life.withLock { life in
      life.isMember = false
      life.leftAt = life.leftAt ?? .now
    }
    meters.add(.rebalances, 1, isLost ? "lost" : "revoked")
  }
}
