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
  var headers: [RecordHeader] = []
  var object = ByteWriter(capacity: 4096)
  /// Collects objects for a table file, when there are many to read; else they are written in batches.
  var run: RestoreRun
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
    position = from
    readTo = from
    collects = target - from >= job.recordsForRuns
    run = RestoreRun(byteCountMax: job.runBytesMax)
  }

  /// Reads until the machine says what comes next, or everything below `limit` is in the store: then the result is nil.
  ///
  /// - Parameter limit: above ``position``, and not above what is stable, or nothing would come.
  /// - Throws: `RestoreFault.unreadableRecord`, `CancellationError`, `RestoreStalled`, errors of Kafka and
  ///   RocksDB. What was read so far stays in the store.
  mutating func read(upTo limit: Int64, _ machine: inout RestoreMachine) throws -> RestoreMachine.Action? {
    let reader = try KafkaConsumer(configuration: job.readerConfiguration, logger: job.logger)
    try reader.assign([
      TopicPartitionOffset(topic: job.topics.changelog, partition: job.partition, offset: position)
    ])
    var source = QueueReader(capacity: ScanLimits.recordsPerBatch)
    var lastProgress = ContinuousClock.now
    var lastReport = lastProgress
    while true {
      if job.cancellation.isCancelled { throw CancellationError() }
      source.take(from: reader.mainQueue)
      if source.messages.isEmpty { source.wait(for: reader.mainQueue, timeout: ScanLimits.wait) }
      let now = ContinuousClock.now
      if source.messages.isEmpty {
        if now - lastProgress > job.timeouts.restoreProgress { throw stalled() }
        continue
      }
      let before = readTo
      if let action = try apply(source.messages, upTo: limit, &machine) {
        reportEnd()
        return action
      }
      if position >= limit { return nil }
      // An error is no progress, however often it comes.
      if readTo > before {
        lastProgress = now
      } else if now - lastProgress > job.timeouts.restoreProgress {
        throw stalled()
      }
      job.statistics.restoring(job.partition, progress(machine.remaining))
      if now - lastReport > RestoreLimits.reportInterval {
        lastReport = now
        reportProgress(machine.remaining)
      }
    }
  }

  /// Writes a batch of messages and the position they lead to.
  private mutating func apply(
    _ messages: borrowing MessageBatch, upTo limit: Int64, _ machine: inout RestoreMachine
  ) throws -> RestoreMachine.Action? {
    var batch = store.makeBatch()
    var next = readTo
    var early: RestoreMachine.Action?
    for index in 0..<messages.count where early == nil {
      let message = messages[index]
      if message.isEndOfPartition {
        next = max(next, message.offset)
      } else if let error = message.error {
        lastError = error
        job.logger.warning("a changelog fetch failed", metadata: ["error": "\(error)"])
      } else {
        early = try add(message, to: &batch, &machine)
        next = message.offset + 1
      }
    }
    if early != nil { return early }
    guard next > readTo else { return nil }
    readTo = next
    guard !machine.holds(next - 1) else {
      position = next
      return machine.positionReached(next)
    }
    try job.state.checkRoom()
    if !collects {
      try store.put(machine.storedPosition(at: next), in: &batch)
      try store.write(&batch)
    } else {
      guard run.isFull || next >= limit else { return nil }
      try ingest(machine.storedPosition(at: next))
    }
    position = next
    return machine.positionReached(next)
  }
}
