import Foundation
import KafkaClient
import Logging
import PartitionEngine
import ReadableText
import RocksDB
import Sequitur

/// One lane of a rehearsal at work: one partition after the other, as long as there are any.
///
/// Thread rule: one thread. Blocks.
final class RehearsalRun {
  /// With this lane's share of the memory.
  let configuration: RehearsalConfiguration
  private(set) var limits: Limits
  private let logger: Logger
  private let makeTask: RehearsalTask.Factory
  private let cancellation: Cancellation
  private let queue: RehearsalQueue
  private let topics: RehearsalTopics
  let readers: RehearsalReaders
  private var partitions: Int32 = 0
  /// Of the partition that is read.
  var report = RehearsalReport()

  init(
    _ rehearsal: Rehearsal, _ queue: RehearsalQueue, of lanes: Int, _ cancellation: Cancellation
  ) throws {
    var share = rehearsal.configuration
    share.memoryBytes /= lanes
    configuration = share
    self.queue = queue
    limits = configuration.limits
    logger = rehearsal.logger
    makeTask = rehearsal.makeTask
    self.cancellation = cancellation
    topics = try RehearsalTopics(configuration, logger)
    readers = try RehearsalReaders(configuration, logger)
  }

  /// - Returns: a report of each partition that this lane took.
  /// - Throws: see ``Rehearsal/run(progress:)``.
  func run() throws -> [Int32: RehearsalReport] {
    try check()
    partitions = try topics.partitionCount()
    limits.recordBytesMax = min(limits.recordBytesMax, topics.messageBytesMax())
    var reports: [Int32: RehearsalReport] = [:]
    while let partition = queue.take(of: partitions) {
      report = RehearsalReport()
      try goOn(partition)
      try rehearse(partition)
      reports[partition] = report
    }
    return reports
  }

  /// Tells progress.
  /// - Throws: `CancellationError`.
  func goOn(_ partition: Int32) throws {
    if cancellation.isCancelled { throw CancellationError() }
    queue.tell(partition, of: partitions, report)
  }

  private func check() throws {
    var faults = limits.faults
    faults += ReservedProperties.faults(configuration.kafka, in: .all).map(\.description)
    if !(0...RehearsalConfiguration.samplesLimit ~= configuration.samplesMax) {
      faults.append(
        "Expected 0 to \(RehearsalConfiguration.samplesLimit) samples, but \(configuration.samplesMax) are asked for."
      )
    }
    if let from = configuration.from, let to = configuration.to, from >= to {
      faults.append(
        "Expected the time to begin with to be before the time to end with, but \(from) is not before \(to).")
    }
    guard faults.isEmpty else { throw RehearsalFault(faults.joined(separator: "\n")) }
  }

  // MARK: One partition

  private func rehearse(_ partition: Int32) throws {
    let names = configuration.topics
    // In this order: what the last checkpoint covers has its outcomes below the ends that are asked for next.
    let changelog = try topics.bounds(names.changelog, partition)
    let owner = ChangelogOwner(topics: names)
    let checkpoint = try StateReplay.lastCheckpoint(partition, changelog, readers.changelog, owner)
    let (valid, invalid) = (
      try topics.bounds(names.valid, partition), try topics.bounds(names.invalid, partition)
    )
    if checkpoint == nil { try expectNoOutcome(partition, valid, invalid, owner) }
    let commands = try topics.bounds(names.commands, partition)
    let range = try range(partition, commands, checkpoint)
    report.ranges.append(range)
    guard range.start < range.end else { return }

    let memory = MemoryBudget(bytes: configuration.memoryBytes)
    let parent = configuration.scratchDirectory ?? FileManager.default.temporaryDirectory.path
    let store = RehearsalStore(
      beginsFromState: range.beginsFromState, parent: parent, options: memory.databaseOptions)
    let replay =
      range.beginsFromState ? try StateReplay(range, changelog, readers.changelog, into: store) : nil
    let outcomesStart = try readers.open(range, valid, invalid)
    let task = makeTask(seat(range, memory), store)
    try PartitionRehearsal(
      range, task: task, store: store, replay: replay, outcomesStart: outcomesStart,
      undrainedBytesMax: memory.undrainedBytes, in: self
    ).rehearse()
    noteStrays(partition)
  }

  /// Makes sure that no command has an outcome where no checkpoint says so.
  private func expectNoOutcome(
    _ partition: Int32, _ valid: Watermarks, _ invalid: Watermarks, _ owner: ChangelogOwner
  ) throws {
    for (outcomes, bounds) in [(readers.valid, valid), (readers.invalid, invalid)] {
      try outcomes.open(partition, from: 0, bounds)
      guard outcomes.command < .max else { continue }
      // The first transaction of all may have ended meanwhile: its checkpoint was written before that.
      let changelog = try topics.bounds(configuration.topics.changelog, partition)
      guard try StateReplay.lastCheckpoint(partition, changelog, readers.changelog, owner) == nil else {
        return
      }
      throw owner.missingCheckpoint(of: outcomes.command, partition)
    }
  }

  private func range(
    _ partition: Int32, _ bounds: Watermarks, _ checkpoint: CheckpointRecord?
  ) throws -> RehearsalReport.Range {
    func offset(_ time: Int64?) throws -> Int64? {
      guard let time else { return nil }
      return try topics.firstCommand(partition, notBefore: time) ?? bounds.high
    }
    let covered = min(bounds.high, checkpoint?.position ?? 0)
    let last = try min(bounds.high, offset(configuration.to) ?? bounds.high)
    let start = try max(bounds.low, offset(configuration.from) ?? bounds.low)
    let end = min(covered, last)
    if last > max(covered, start) { try countPending(partition, from: max(covered, start), to: last) }
    let moves = checkpoint?.moves ?? []
    if !moves.isEmpty {
      report.notes.append(
        "\(configuration.topics.commands)/\(partition): an operator moved the position (\(moves.count.counted("move"))): outcomes and "
          + "states from before may not belong to these commands.")
    }
    let beginsFromState = start > 0 || !moves.isEmpty
    if bounds.low > 0, configuration.from == nil, start < end {
      report.notes.append(
        "\(configuration.topics.commands)/\(partition): the beginning is gone: it begins at offset \(start), from the states "
          + "that the changelog tells.")
    }
    return RehearsalReport.Range(
      partition: partition, start: start, end: max(start, end), beginsFromState: beginsFromState)
  }

  /// Counts commands that wait for a worker.
  private func countPending(_ partition: Int32, from start: Int64, to end: Int64) throws {
    try readers.commands.open(partition, from: start, to: end)
    while try readers.commands.advance() { report.pending += 1 }
  }

  private func seat(_ range: RehearsalReport.Range, _ memory: MemoryBudget) -> PartitionSeat {
    PartitionSeat(
      identity: PartitionIdentity(
        applicationID: configuration.applicationID, commandsTopic: configuration.topics.commands,
        partition: range.partition, partitions: partitions),
      envelope: configuration.envelope, limits: limits, position: range.start, isMoved: false,
      changelogPosition: 0, objectBytesMax: memory.objectBytes,
      hashSeed: .random(in: 0 ... .max), execution: .unguarded(), refusals: [:])
  }

  private func noteStrays(_ partition: Int32) {
    let strays = readers.valid.strays + readers.invalid.strays
    guard strays > 0 else { return }
    report.notes.append(
      "\(strays.counted("record")) on \(configuration.topics.valid)/\(partition) and "
        + "\(configuration.topics.invalid)/\(partition) passed over: no outcomes of commands on "
        + "\(configuration.topics.commands)/\(partition).")
  }
}
