import Foundation
import KafkaClient
import Logging
import PartitionEngine
import RocksDB
import Sequitur

/// Reads one partition's changelog into its store, in large batches, until the restore machine has an answer.
struct ChangelogReader: ~Copyable {
  /// The changelog offset up to which the store holds everything.
  private(set) var position: Int64

  private let job: RestoreJob
  private let store: PartitionStore
  private let target: Int64
  private var headers: [RecordHeader] = []
  private var object = ByteWriter(capacity: 4096)
  /// Collects objects for a table file, when there are many to read; else they are written in batches.
  private var run: RestoreRun
  private let collects: Bool
  /// Everything below it was read; equal to `position` but for what stands in the run.
  private var readTo: Int64
  private var records = 0
  private var bytes = 0
  private var lastError: KafkaError?
  private let start = ContinuousClock.now

  init(job: RestoreJob, store: PartitionStore, from: Int64, target: Int64) {
    self.job = job
    self.store = store
    self.target = target
    position = from
    readTo = from
    collects = target - from >= job.recordsForRuns
    run = RestoreRun(byteCountMax: job.runBytesMax)
  }

  /// Reads until the machine says what comes next.
  ///
  /// - Throws: `RestoreFault.unreadableRecord`, `CancellationError`, `RestoreStalled`, errors of Kafka and
  ///   RocksDB. What was read so far stays in the store.
  mutating func read(_ machine: inout RestoreMachine) throws -> RestoreMachine.Action {
    if let action = machine.positionReached(position) { return action }
    let reader = try KafkaConsumer(configuration: job.readerConfiguration, logger: job.logger)
    try reader.assign([
      TopicPartitionOffset(topic: job.topics.changelog, partition: job.partition, offset: position)
    ])
    var source = QueueReader(capacity: RestoreLimits.recordsPerBatch)
    var lastProgress = ContinuousClock.now
    var lastReport = lastProgress
    while true {
      if job.cancellation.isCancelled { throw CancellationError() }
      source.take(from: reader.mainQueue)
      if source.messages.isEmpty { source.wait(for: reader.mainQueue, timeout: RestoreLimits.wait) }
      let now = ContinuousClock.now
      if source.messages.isEmpty {
        if now - lastProgress > job.timeouts.restoreProgress { throw stalled() }
        continue
      }
      let before = readTo
      if let action = try apply(source.messages, &machine) {
        reportEnd()
        return action
      }
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
    _ messages: borrowing MessageBatch, _ machine: inout RestoreMachine
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
      guard run.isFull || next >= target else { return nil }
      try ingest(machine.storedPosition(at: next))
    }
    position = next
    return machine.positionReached(next)
  }

  /// Adds the run to the store as a table file.
  private mutating func ingest(_ stored: RestoreMachine.StoredPosition) throws {
    let path = job.state.restoreFile(of: job.partition)
    let options = job.state.options
    try PartitionStore.withEncoded(stored) { position throws(RocksDBError) in
      try run.write(to: path, options: options, position: position)
    }
    try store.ingest(path)
    unlink(path)
  }

  private mutating func put(
    _ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?, _ batch: inout WriteBatch
  ) throws {
    if !collects {
      try store.put(key, record, in: &batch)
    } else {
      run.add(key, record)
    }
  }

  private mutating func add(
    _ message: borrowing Message, to batch: inout WriteBatch, _ machine: inout RestoreMachine
  ) throws -> RestoreMachine.Action? {
    headers.removeAll(keepingCapacity: true)
    message.forEachHeader { name, value in headers.append(RecordHeader(name: name, value: value)) }
    object.truncate(to: 0)
    let isHeld = machine.holds(message.offset)
    if !isHeld {
      records += 1
      bytes += (message.key?.count ?? 0) + (message.value?.count ?? 0)
    }
    let content: ChangelogRecord.Content
    do {
      content = try headers.withUnsafeBufferPointer { headers throws(ChangelogRecord.Fault) in
        try ChangelogRecord.decode(key: message.key, value: message.value, headers: headers, into: &object)
      }
    } catch {
      throw RestoreFault.unreadableRecord(offset: message.offset, reason: error.description)
    }
    switch content {
    case .checkpoint(let checkpoint): return machine.checkpointRead(checkpoint, at: message.offset)
    case .object, .forgotten: if isHeld { return machine.heldRecordRead(at: message.offset) }
    }
    switch content {
    case .object:
      let found = ObjectRecord(object.bytes).schemaVersion
      guard found <= job.schemaVersion else {
        throw RestoreFault.newerSchema(offset: message.offset, found: found, known: job.schemaVersion)
      }
      try put(message.key!, object.bytes, &batch)
    case .forgotten: try put(message.key!, nil, &batch)
    case .checkpoint: break
    }
    return nil
  }

  // MARK: Reports

  private func stalled() -> RestoreStalled {
    RestoreStalled(
      topic: job.topics.changelog, partition: job.partition, position: position, target: target,
      after: job.timeouts.restoreProgress, lastError: lastError)
  }

  private func progress(_ remaining: Int64) -> RestoreProgress {
    RestoreProgress(
      records: records, bytes: bytes, seconds: (ContinuousClock.now - start).seconds, remaining: remaining)
  }

  private func reportProgress(_ remaining: Int64) {
    let progress = progress(remaining)
    job.logger.info(
      "restoring",
      metadata: [
        "partition": "\(job.partition)", "records": "\(records)", "bytes": "\(bytes)",
        "remaining": "\(remaining)", "records-per-second": "\(Int(progress.recordsPerSecond))",
        "seconds-left": "\(Int(progress.secondsLeft))",
      ])
  }

  private func reportEnd() {
    job.logger.info(
      "changelog read",
      metadata: [
        "partition": "\(job.partition)", "records": "\(records)", "bytes": "\(bytes)",
        "seconds": "\((ContinuousClock.now - start).seconds)",
      ])
  }
}

/// A restore that got nothing for too long. It is tried again.
struct RestoreStalled: Error, CustomStringConvertible {
  let topic: String
  let partition: Int32
  let position: Int64
  let target: Int64
  let after: Duration
  var lastError: KafkaError?

  var description: String {
    "Expected to restore \(topic)/\(partition) up to offset \(target), but nothing came after offset "
      + "\(position) for \(after). "
      + (lastError.map { "The last error was: \($0)" } ?? "Is a transaction open on it, or the broker away?")
  }
}

/// The bounds of a restore.
enum RestoreLimits {
  static let recordsPerBatch = 2000
  /// Records from which on table files are worth it.
  static let recordsForRuns: Int64 = 10_000
  /// Changelog records from one flush of a partition's memtable to the next: what a crash makes to be read
  /// again, besides what no drain has taken.
  static let replayRecordsMax: Int64 = 500_000
  static let wait = Duration.milliseconds(100)
  static let reportInterval = Duration.seconds(2)
}

extension Duration {
  /// The duration as a number of seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
