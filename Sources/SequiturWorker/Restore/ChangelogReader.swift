import Foundation
import KafkaClient
import Logging
import PartitionEngine
import RocksDB
import Sequitur
import SequiturTopics

/// Reads one partition's changelog into its store, in large batches, until the restore machine has an answer.
///
/// (ChangelogReader+Records.swift: one record's way; ChangelogReader+Reports.swift: what is said of it.)
struct ChangelogReader: ~Copyable {
  /// The changelog offset up to which the store holds everything.
  private(set) var position: Int64

  let job: RestoreJob
  let store: PartitionStore
  let target: Int64
  let applier: ChangelogApplier
  var decoder = ChangelogDecoder()
  /// Collects objects for a table file, when there are many to read; else they are written in batches.
  var run: SortedRun
  let collects: Bool
  /// Everything below it was read; equal to `position` but for what stands in the run.
  private var readTo: Int64
  var records = 0
  var bytes = 0
  var lastError: KafkaError?
  let start = ContinuousClock.now

  init(job: RestoreJob, store: PartitionStore, from: Int64, target: Int64) {
    self.job = job
    self.store = store
    self.target = target
    applier = ChangelogApplier(schemaVersion: job.schemaVersion)
    position = from
    readTo = from
    collects = target - from >= job.recordsForRuns
    run = SortedRun(byteCountMax: job.runBytesMax)
  }

  /// Reads until the machine says what comes next, or everything below `limit` is in the store: then the result is nil.
  ///
  /// - Parameter limit: above ``position``, and not above what is stable, or nothing would come.
  /// - Throws: `RestoreFault.unreadableRecord`, `CancellationError`, `RestoreStalled`, errors of Kafka and
  ///   RocksDB. What was read so far stays in the store.
  mutating func read(upTo limit: Int64, _ machine: inout RestoreMachine) throws -> RestoreMachine.Action? {
    var scan = try PartitionScan(
      of: job.topics.changelog, partition: job.partition, from: position, to: limit, isolation: .committed,
      silenceMax: job.timeouts.restoreProgress, kafka: job.readerConfiguration, logger: job.logger)
    var lastReport = ContinuousClock.now
    while true {
      if job.cancellation.isCancelled { throw CancellationError() }
      let before = readTo
      if let action = try apply(&scan, upTo: limit, &machine) {
        reportEnd()
        return action
      }
      if position >= limit { return nil }
      guard readTo > before else { continue }
      job.statistics.restoring(job.partition, progress(machine.remaining))
      let now = ContinuousClock.now
      if now - lastReport > RestoreLimits.reportInterval {
        lastReport = now
        reportProgress(machine.remaining)
      }
    }
  }

  /// Writes what a step of the scan brings, and the position it leads to.
  private mutating func apply(
    _ scan: inout PartitionScan, upTo limit: Int64, _ machine: inout RestoreMachine
  ) throws -> RestoreMachine.Action? {
    var batch = store.makeBatch()
    var early: RestoreMachine.Action?
    do {
      try scan.step { message in
        if early == nil { early = try add(message, to: &batch, &machine) }
      }
    } catch let standstill as PartitionScan.Standstill {
      lastError = standstill.lastError ?? lastError
      throw stalled()
    }
    if let error = scan.takeError() {
      lastError = error
      job.logger.warning("a changelog fetch failed", metadata: error.logged)
      if error.isMissingRight { job.statistics.inputRefused(job.partition, error) }
    }
    if early != nil { return early }
    let next = scan.position
    guard next > readTo else { return nil }
    readTo = next
    if lastError?.isMissingRight ?? false {
      lastError = nil
      job.statistics.inputTaken(job.partition)
    }
    if let stored = applier.position(at: next, machine) {
      try job.state.checkRoom()
      if !collects {
        try store.put(stored, in: &batch)
        try store.write(&batch)
      } else {
        guard run.isFull || next >= limit else { return nil }
        try ingest(stored)
      }
    }
    position = next
    return machine.positionReached(next)
  }
}
