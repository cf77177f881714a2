import Logging
import SequiturFollower
import Synchronization

/// The follower's sink: one database transaction for each batch, which begins with the fence.
///
/// The transaction's first statement moves the position from the old one to the new. When it hits no row, somebody else
/// has moved it, nothing is applied, and the follower asks anew. A process that was stopped and goes on later, and one whose
/// partition went to another instance, are held off by that alone.
final class ProjectionSink: FollowSink {
  private let transactions: Mutex<ProjectionTransactions>

  private let statistics: ProjectionStatistics
  private let configuration: ProjectorConfiguration

  init(
    _ transactions: consuming sending ProjectionTransactions, _ statistics: ProjectionStatistics,
    _ configuration: ProjectorConfiguration
  ) {
    self.transactions = Mutex(transactions)
    self.statistics = statistics
    self.configuration = configuration
  }

  func position(of partition: Int32) throws -> FollowPosition? {
    try transactions.withLock { try $0.position(of: partition) }
  }

  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) throws -> FollowVerdict {
    guard let new else {
      throw ProjectionFailure(
        .configuration,
        "Expected at most \(ProjectionLimits.commandBytesMax >> 20) MiB of events of one command, but partition \(partition) "
          + "has more: they are applied in one transaction, and no worker writes so many.")
    }
    return try transactions.withLock { try $0.apply(batch, of: partition, to: new) }
  }

  func progressed(_ partition: Int32, _ status: FollowStatus) {
    guard let events = statistics.progressed(partition, status) else { return }
    configuration.logger.info(
      "the projection has caught up",
      metadata: ["events": "\(events)", "projection": "\(configuration.definition.name)"])
  }

  /// From any thread, when the follower has ended.
  func close() { transactions.withLock { $0.close() } }
}

/// The transactions of one connection. Lives on one thread at a time.
struct ProjectionTransactions: ~Copyable {
  /// With the table that is written to.
  private var definition: ProjectionDefinition
  /// The same once its generation is the current one; nil when it is.
  private var current: ProjectionDefinition?
  private let store: ProjectionStore
  private let code: (any Projection)?
  private let logger: Logger
  private let statistics: ProjectionStatistics
  private var work: BatchWork
  /// By partition, where the database stood after the last transaction of ours.
  private var standing: [Int32: ProjectionPosition] = [:]
  /// By partition, the keys whose events wait.
  private var parked: [Int32: Set<[UInt8]>] = [:]
  private var wait = ProjectionLimits.firstWait
  /// The partitions that waited at an event when they were tried last.
  private var stopped: Set<Int32> = []
  private var told: [String: ContinuousClock.Instant] = [:]
  /// Event types without a rule that were told of.
  private var unruled: Set<String> = []

  init(
    _ definition: ProjectionDefinition, _ code: (any Projection)?, _ database: any ProjectionDatabase,
    _ statistics: ProjectionStatistics, logger: Logger
  ) {
    self.statistics = statistics
    self.code = code
    // Until the database says that the generation is the current one.
    self.definition = definition.built()
    current = definition
    self.logger = logger
    store = ProjectionStore(database: database, name: definition.name, generation: definition.generation)
    work = BatchWork(definition)
  }

  private var database: any ProjectionDatabase { store.database }

  func close() { database.close() }

  /// Where the database stands.
  mutating func position(of partition: Int32) throws -> FollowPosition? {
    let (store, name) = (store, definition.name)
    let found = try database.transaction { () throws -> (ProjectionPosition, Set<[UInt8]>) in
      guard let position = try store.position(partition) else {
        throw ProjectionFailure(
          .configuration,
          "Expected the projection \(name) to have a position in partition \(partition), but it has none: it was reset, or "
            + "replaced by another generation. Start it again.")
      }
      return (position, try store.parkedKeys(partition))
    }
    standing[partition] = found.0
    parked[partition] = found.1
    return found.0.followed
  }

  /// Applies events, and with them the position that they lead to.
  mutating func apply(
    _ events: FollowBatch, of partition: Int32, to new: FollowPosition
  ) throws -> FollowVerdict {
    guard let old = standing[partition] else { return .fenced }
    do {
      try database.connect()
      let batch = ProjectionBatch(
        events, of: partition, from: old, to: new, parked: parked[partition] ?? [], code)
      let outcome = try run(batch)
      wait = ProjectionLimits.firstWait
      return outcome
    } catch let failure as DatabaseFailure {
      database.rollBack()
      return .retry(after: note(failure, partition))
    } catch {
      database.rollBack()
      throw error
    }
  }

  // MARK: One batch

  private mutating func run(_ batch: consuming ProjectionBatch) throws -> FollowVerdict {
    batch.compile(&work, &unruled, logger)
    if !batch.needsCare {
      do {
        return try attempt(&batch, isCareful: false)
      } catch let failure as DatabaseFailure where failure.kind == .data {
        database.rollBack()
      }
    }
    return try attempt(&batch, isCareful: true)
  }

  private mutating func attempt(_ batch: inout ProjectionBatch, isCareful: Bool) throws -> FollowVerdict {
    try database.begin()
    let fence = try store.advance(
      batch.partition, from: batch.old, to: batch.new, events: batch.count, last: batch.last)
    guard let fence else {
      database.rollBack()
      standing[batch.partition] = nil
      statistics.fenced()
      logger.info("somebody else has moved the position", metadata: ["partition": "\(batch.partition)"])
      return .fenced
    }
    guard !fence.isPaused else {
      database.rollBack()
      statistics.foundPaused()
      return .retry(after: ProjectionLimits.pause)
    }
    if let current, try store.currentGeneration() == current.generation {
      definition = current
      self.current = nil
    }
    if fence.parkedChanges != batch.old.parkedChanges {
      batch.parked = try store.parkedKeys(batch.partition)
      batch.old.parkedChanges = fence.parkedChanges
      if !isCareful, batch.needsCare { return try again(&batch) }
    }
    batch.skipOffset = fence.skipOffset
    if isCareful {
      if let stopped = try batch.applyCarefully(store, definition, &work) { return try stop(&batch, stopped) }
    } else {
      batch.unmatched = try batch.applyAll(to: database, definition, &work)
    }
    try store.addUnmatched(batch.unmatched, batch.partition)
    try database.commit()
    standing[batch.partition] = batch.reached
    parked[batch.partition] = batch.parked
    statistics.committed(batch.count, setAside: batch.setAsideCounts)
    if stopped.remove(batch.partition) != nil { statistics.stopped(batch.partition, nil) }
    return .applied
  }

  private mutating func again(_ batch: inout ProjectionBatch) throws -> FollowVerdict {
    database.rollBack()
    return try attempt(&batch, isCareful: true)
  }

  /// Applies what lies before the command that is not taken, and tells where the partition waits.
  private mutating func stop(_ batch: inout ProjectionBatch, _ stopped: PartitionStopped) throws
    -> FollowVerdict
  {
    database.rollBack()
    var position = batch.old
    if var before = batch.before(stopped.offset) {
      guard case .applied = try attempt(&before, isCareful: true) else { return .fenced }
      position = before.reached
    }
    let store = store
    try database.transaction { try store.setStopped(stopped, at: position) }
    self.stopped.insert(batch.partition)
    throw stopped
  }

  // MARK: Trouble

  /// Tells of a failure, not too often, and says when to try again.
  private mutating func note(_ failure: DatabaseFailure, _ partition: Int32) -> Duration {
    statistics.failed(failure)
    let now = ContinuousClock.now
    let name = "\(failure.kind) \(failure.code ?? "")"
    if told[name].map({ now - $0 > ProjectionLimits.warningInterval }) ?? true {
      told[name] = now
      logger.warning(
        "the projection is held up, and tries again",
        metadata: ["error": "\(failure)", "partition": "\(partition)", "projection": "\(definition.name)"])
    }
    defer { wait = min(wait * 2, ProjectionLimits.longestWait) }
    return wait
  }
}
