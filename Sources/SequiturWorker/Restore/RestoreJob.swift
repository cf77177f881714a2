import KafkaClient
import Logging
import PartitionEngine
import RocksDB
import Sequitur
import SequiturTopics
import Synchronization

/// Carries out a restore machine's actions for one partition. Blocks; runs on a thread of its own, so that what it waits
/// for holds up no other partition.
struct RestoreJob: Sendable {
  /// What a restore ends with.
  struct Restored: Sendable {
    let store: PartitionStore
    /// The next command offset to process; `nil`: from the topic's start.
    let position: Int64?
    /// The changelog offset up to which the store was restored.
    let changelogPosition: Int64
    /// Which changelog it is; `nil` when none of its checkpoints said it.
    let incarnation: Int64?
    /// By what the commands topic is known while it is served; `nil` without a checkpoint.
    var input: InputCheck?
    /// Where an operator moved the position; the last of them in this restore when it `isMoved`.
    var moves: [PositionMove] = []
    var isMoved = false
    /// What the states may look like.
    var stateForms = StateForms()
  }

  let partition: Int32
  let partitions: Int32
  let topics: TopicNames
  let state: StateDirectory
  let consumer: KafkaConsumer
  let admin: KafkaAdmin
  let readerConfiguration: KafkaConfiguration
  /// Shared by all restores.
  let turns: RestoreTurns
  /// Records to read from which on table files are made of them.
  var recordsForRuns = RestoreLimits.recordsForRuns
  /// Objects that are collected for one table file.
  let runBytesMax: Int
  let timeouts: WorkerTimeouts
  /// The decider's.
  let schemaVersion: Int
  /// Says whether it reads the states; nil: they are not looked at.
  var decider: KnownDecider?
  let crashGuard: CrashGuard?
  let commands: CommandReader
  let orders: InputOrders
  let statistics: WorkerStatistics
  let logger: Logger
  /// Set when the partition was taken away: what was restored stays.
  let cancellation: Cancellation

  func run() throws -> Restored {
    do {
      return try restore()
    } catch {
      guard Self.isDamage(error) else { throw error }
      logger.error(
        "the partition's store is damaged; it is emptied and rebuilt from the changelog",
        metadata: ["partition": "\(partition)", "error": "\(error)"])
      statistics.events.send(.rebuilding(partition, why: "\(error)"))
      state.markDamaged(partition)
      return try restore()
    }
  }

  private static func isDamage(_ error: any Error) -> Bool {
    switch error {
    case let error as RocksDBError: error.isDamage
    case let fault as StoreFault: fault.isDamage
    default: false
    }
  }

  private func restore() throws -> Restored {
    guard partition < partitions else {
      throw RestoreFault.partitionCountChanged(checkpoint: partitions, now: partition + 1)
    }
    var store = try state.store(of: partition)
    var machine = RestoreMachine(partitions: partitions, decision: orders.decision)
    var groupPosition: Int64?
    let stored = try store.position()
    var changelogPosition = stored?.changelogOffset ?? 0
    var action = machine.start(stored: stored)
    while true {
      switch action {
      case .readGroupPosition:
        groupPosition = try readGroupPosition()
        action = machine.groupPositionRead(groupPosition)
      case .readBounds:
        let bounds = try retrying("read the changelog's bounds") { () throws(KafkaError) in
          try admin.watermarks(topic: topics.changelog, partition: partition, timeout: timeouts.restoreCall)
        }
        action = machine.boundsRead(logStart: bounds.low, highWatermark: bounds.high)
      case .setAside(let mismatch):
        logger.log(
          level: mismatch.isOrdinary ? .info : .warning, "the partition is rebuilt from its changelog",
          metadata: ["partition": "\(partition)", "why": "\(mismatch)"])
        statistics.events.send(.rebuilding(partition, why: "\(mismatch)"))
        store = try state.reset(partition)
        crashGuard?.clear(partition)
        action = machine.storeSetAside()
      case .read(let from, let target):
        if let stored, from < min(stored.changelogOffset, stored.checkpointOffset ?? .max) {
          logger.warning(
            "the changelog's tail ends before the group's position; it is read again from its start",
            metadata: ["partition": "\(partition)", "tail": "\(stored.changelogOffset)", "start": "\(from)"])
        }
        var reader = ChangelogReader(job: self, store: store, from: from, target: target)
        action = try readAll(&reader, &machine)
        changelogPosition = max(from, reader.position)
      case .readAborted(let from, let target):
        let kind: RestoreTurns.Kind = target - from < recordsForRuns ? .short : .long
        let positions = try turns.with(kind, cancellation) {
          try AbortedCheckpoints(job: self).positions(from: from, to: target)
        }
        action = machine.abortedRead(positions: positions)
        if case .refuse = action { break }
        logger.warning(
          "the group shows the position of a transaction that was aborted; the changelog's is right",
          metadata: ["partition": "\(partition)", "group": "\(groupPosition ?? 0)"])
      case .readInputBounds:
        let bounds = try readInputBounds()
        action = machine.inputBoundsRead(logStart: bounds.logStart, end: bounds.end)
      case .readLastCommand(let last):
        action = machine.lastCommandRead(try find(last.offset))
      case .serve(let position):
        try checkStates(machine)
        try reportInput(machine)
        return Restored(
          store: store, position: position, changelogPosition: changelogPosition,
          incarnation: machine.incarnation, input: machine.inputCheck, moves: machine.moves,
          isMoved: machine.overruled != nil, stateForms: machine.stateForms)
      case .refuse(let fault):
        throw fault
      }
    }
  }

  /// Makes sure that the decider reads the states that were restored.
  private func checkStates(_ machine: RestoreMachine) throws {
    guard let former = machine.decider, let decider else { return }
    let refusal = decider.refusal(of: FormerDecider(fingerprint: former, forms: machine.stateForms))
    if let refusal { throw RestoreFault.unreadableStates(refusal.joined(separator: " ")) }
  }

  /// The group's stable position: asks again while a predecessor's transaction is open.
  private func readGroupPosition() throws -> Int64? {
    let commands = TopicPartition(topic: topics.commands, partition: partition)
    var wait = PredecessorWait(job: self, what: "the group's position")
    return try retrying("read the group's position") { () throws(KafkaError) in
      do throws(KafkaError) {
        // For one partition alone: the answer waits for the transactions of all that it is asked for.
        return try consumer.committed([commands], timeout: timeouts.restoreCall)[commands]
      } catch {
        if [.timedOut, .unstableOffsetCommit].contains(error.code) { wait.goesOn() }
        throw error
      }
    }
  }

  /// Reads what is stable, and waits for the rest without a turn and without a client.
  private func readAll(
    _ reader: inout ChangelogReader, _ machine: inout RestoreMachine
  ) throws -> RestoreMachine.Action {
    if let action = machine.positionReached(reader.position) { return action }
    var wait = PredecessorWait(job: self, what: "the changelog")
    var lastProgress = ContinuousClock.now
    while true {
      if cancellation.isCancelled { throw CancellationError() }
      let stable = try stableEnd()
      if stable > reader.position {
        let limit = min(stable, reader.target)
        let action = try turns.with(reader.collects ? .long : .short, cancellation) {
          try reader.read(upTo: limit, &machine)
        }
        if let action { return action }
        lastProgress = .now
      } else {
        guard ContinuousClock.now - lastProgress <= timeouts.restoreProgress else { throw reader.stalled() }
        wait.goesOn()
        cancellation.wait(RestoreLimits.stableInterval)
      }
    }
  }

  /// The changelog's last stable offset: below the first open transaction.
  private func stableEnd() throws -> Int64 {
    try retrying("read the changelog's last stable offset") { () throws(KafkaError) in
      try consumer.watermarks(topic: topics.changelog, partition: partition, timeout: timeouts.restoreCall)
        .high
    }
  }

  /// Makes a call until it succeeds or the restore is cancelled; broker trouble passes.
  func retrying<Result>(
    _ what: String, _ call: () throws(KafkaError) -> Result
  ) throws -> Result {
    let deadline = ContinuousClock.now + timeouts.restoreProgress
    while true {
      if cancellation.isCancelled { throw CancellationError() }
      do throws(KafkaError) {
        let result = try call()
        statistics.inputTaken(partition)
        return result
      } catch {
        if error.isMissingRight { statistics.inputRefused(partition, error) }
        guard ContinuousClock.now < deadline, error.severity != .fatal else { throw error }
        logger.info("a restore waits", metadata: ["for": "\(what)", "error": "\(error)"])
        cancellation.wait(RestoreLimits.retryInterval)
      }
    }
  }
}
