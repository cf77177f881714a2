import Metrics
import PartitionEngine
import Sequitur
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
  /// Makes the metrics: the process's, but in tests of metrics.
  private let metrics: any MetricsFactory
  private let acceptedCounter, deciderErrorCounter, refusalCounter, restoredRecords, restoredBytes: Counter
  private let storeGauge, outputGauge, groupGauge: Gauge
  private let transactionTimer: Timer

  /// Statistics of a worker that has done nothing yet.
  public convenience init() { self.init(metrics: MetricsSystem.factory) }

  init(metrics: any MetricsFactory) {
    self.metrics = metrics
    acceptedCounter = Counter(label: "sequitur_commands_accepted_total", factory: metrics)
    deciderErrorCounter = Counter(label: "sequitur_decider_errors_total", factory: metrics)
    refusalCounter = Counter(label: "sequitur_output_refusals_total", factory: metrics)
    restoredRecords = Counter(label: "sequitur_restore_records_total", factory: metrics)
    restoredBytes = Counter(label: "sequitur_restore_bytes_total", factory: metrics)
    storeGauge = Gauge(label: "sequitur_store_healthy", factory: metrics)
    outputGauge = Gauge(label: "sequitur_output_healthy", factory: metrics)
    groupGauge = Gauge(label: "sequitur_group_healthy", factory: metrics)
    transactionTimer = Timer(label: "sequitur_transaction_duration", factory: metrics)
  }

  /// The figures of this moment.
  public var snapshot: Snapshot { state.withLock { $0 } }

  func transactionEnded(
    accepted: Int, rejected: [RejectionCode: Int], duration: Duration, positions: [Int32: Int64]
  ) {
    acceptedCounter.increment(by: Int64(accepted))
    transactionTimer.record(duration: duration)
    if let failed = rejected[.deciderError] { deciderErrorCounter.increment(by: Int64(failed)) }
    for (code, count) in rejected {
      Counter(
        label: "sequitur_commands_rejected_total", dimensions: [("code", code.rawValue)], factory: metrics
      ).increment(by: Int64(count))
    }
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

  func transactionClosed(_ reason: BatchPolicy.Reason) {
    Counter(
      label: "sequitur_transactions_closed_total", dimensions: [("reason", reason.rawValue)], factory: metrics
    ).increment()
  }

  func served(_ partition: Int32, from position: Int64) {
    state.withLock {
      $0.restores[partition] = nil
      $0.positions[partition] = position
    }
    reportRestores(of: partition, ended: true)
    events.send(.serving(partition, from: position))
  }

  func restoring(_ partition: Int32, _ progress: RestoreProgress) {
    let before = state.withLock { state in
      defer { state.restores[partition] = progress }
      return state.restores[partition] ?? RestoreProgress()
    }
    restoredRecords.increment(by: Int64(max(0, progress.records - before.records)))
    restoredBytes.increment(by: Int64(max(0, progress.bytes - before.bytes)))
    reportRestores(of: partition, ended: false)
  }

  /// The gauges of one partition; 0 once it is served or gone.
  private func reportRestores(of partition: Int32, ended: Bool) {
    let progress = ended ? nil : state.withLock { $0.restores[partition] }
    gauge("sequitur_restore_records_remaining", of: partition, progress.map { Double($0.remaining) } ?? 0)
    gauge("sequitur_restore_records_per_second", of: partition, progress?.recordsPerSecond ?? 0)
    gauge("sequitur_restore_seconds_left", of: partition, progress.map { min($0.secondsLeft, 1e9) } ?? 0)
  }

  /// The store cannot be written (`nil`: it can again).
  func storeFailed(_ fault: String?) {
    storeGauge.record(fault == nil ? 1 : 0)
    events.send(fault.map { .storeFailed(why: $0) } ?? .storeRecovered)
    state.withLock { $0.storeFault = fault }
  }

  /// The brokers have refused outcomes once more.
  func outputRefused(_ fault: String) {
    outputGauge.record(0)
    refusalCounter.increment()
    events.send(.outputRefused(why: fault))
    state.withLock { state in
      state.outputFault = fault
      state.outputRefusals += 1
    }
  }

  /// The brokers take outcomes (`nil`), or still refuse those of another lane.
  func outputAccepted(still fault: String?) {
    outputGauge.record(fault == nil ? 1 : 0)
    if fault == nil { events.send(.outputAccepted) }
    state.withLock { $0.outputFault = fault }
  }

  /// The partition is not served, and why.
  func refused(_ partition: Int32, _ fault: RestoreFault) {
    state.withLock {
      $0.restores[partition] = nil
      $0.refusals[partition] = "\(fault)"
    }
    reportRestores(of: partition, ended: true)
    gauge("sequitur_partition_refused", of: partition, 1)
    if case .inputChanged(let fault) = fault { commandsLost(partition, fault.lostCount) }
  }

  /// So many commands were deleted before they were processed.
  func commandsLost(_ partition: Int32, _ count: Int64) {
    gauge("sequitur_commands_lost", of: partition, Double(count))
  }

  private func gauge(_ label: String, of partition: Int32, _ value: Double) {
    Gauge(label: label, dimensions: [("partition", "\(partition)")], factory: metrics).record(value)
  }

  /// The group does not take the worker (`nil`: it does).
  func joinRefused(_ fault: String?) {
    groupGauge.record(fault == nil ? 1 : 0)
    state.withLock { $0.groupFault = fault }
  }

  func removed(_ partition: Int32) {
    let wasRefused = state.withLock { $0.refusals.removeValue(forKey: partition) != nil }
    if wasRefused { gauge("sequitur_partition_refused", of: partition, 0) }
    state.withLock {
      $0.restores[partition] = nil
      $0.positions[partition] = nil
    }
    reportRestores(of: partition, ended: true)
  }
}

extension Timer {
  fileprivate func record(duration: Duration) {
    recordNanoseconds(duration.nanoseconds)
  }
}
