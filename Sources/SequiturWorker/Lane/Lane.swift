import KafkaClient
import Logging
import PartitionEngine
import Sequitur
import Synchronization

/// A thread with one transactional producer, serving several partitions.
///
/// One turn: take what has arrived, process it, and send it as one transaction as soon as the one before has
/// committed. While that one commits, the next is prepared. All decisions are the lane machine's.
///
///     queue ─▶ receive ─▶ process ─▶ open transaction ─▶ seal ─▶ committer ─▶ transactionEnded ─▶ drain
///
/// (Lane+Turn.swift: receive and process; Lane+Transaction.swift: seal to drain; Lane+Partitions.swift:
/// partitions come and go.)
actor Lane {
  nonisolated let index: Int
  nonisolated let executor: LaneExecutor
  /// What the lane's transaction and store do, for the worker's watch.
  nonisolated let activity: LaneActivity
  let limits: Limits
  let drainer: Drainer
  let intake: CommandIntake
  /// Bounds transactions while a command is looked for whose outcome is refused; nil bounds nothing.
  let outputLimits: OutputLimits?
  let statistics: WorkerStatistics
  let events: LaneEvents
  let logger: Logger
  /// Nil: nobody traces.
  let tracer: WorkerTracer?

  /// What is served, given up, sent and drained, and when.
  var machine: LaneMachine<PartitionActor>
  private let start = ContinuousClock.now
  /// The messages being processed, how far, and whose they are.
  var batch = MessageBatch(capacity: LaneLimits.messagesPerBatch)
  var nextMessage = 0
  var sourcePartition: PartitionActor?

  var open = PreparedTransaction()
  /// The transaction's buffer that is not in use, while none commits.
  var spare: PreparedTransaction? = PreparedTransaction()
  var openRejections: [RejectionCode: Int] = [:]
  var sentRejections: [RejectionCode: Int] = [:]
  var openTrace: TransactionTrace?
  var sentTrace: TransactionTrace?
  /// Ends of partitions that were reached, until what lies before them is committed.
  var endsReached: [Int32: Int64] = [:]
  /// Partitions whose commands the brokers refuse to give.
  var refusedInputs: Set<Int32> = []
  private var isStopping = false
  /// Bytes of objects that each partition may keep in memory: what was told last, and what was passed on.
  private nonisolated let objectBytesTold = Atomic(0)
  var objectBytesMax = 0
  /// Who waits for which release, and what reminds the machine of it.
  var releases: [Int: CheckedContinuation<Void, Never>] = [:]
  var reminders: [Int: Task<Void, any Error>] = [:]
  var committer: Committer?

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(
    index: Int, limits: Limits, drainer: Drainer, intake: CommandIntake, outputLimits: OutputLimits? = nil,
    statistics: WorkerStatistics, events: LaneEvents, tracer: WorkerTracer? = nil, logger: Logger
  ) {
    self.index = index
    executor = LaneExecutor(name: "lane-\(index)")
    self.limits = limits
    machine = LaneMachine(limits: limits, abandonGrace: LaneLimits.abandonGrace)
    self.drainer = drainer
    self.intake = intake
    self.outputLimits = outputLimits
    self.statistics = statistics
    activity = LaneActivity(meters: statistics.meters)
    self.events = events
    self.tracer = tracer
    self.logger = logger
  }

  /// Serves until ``stop()``.
  func run(sender: TransactionSender) async {
    committer = Committer(
      name: "commit-\(index)", sender: sender, events: statistics.events, activity: activity.commit,
      logger: logger
    ) { [weak self] in
      Task { await self?.transactionEnded() }
    }
    while !(isStopping && !machine.isCommitting) {
      turn()
      await Task.yield()
    }
    await committer?.stop()
  }

  /// Shares the memory for objects out over the partitions, with the lane's next turn. Does not wait for it: a lane that
  /// stands still must not hold up who tells all of them.
  nonisolated func setObjectBytesMax(_ limit: Int) {
    objectBytesTold.store(limit, ordering: .relaxed)
    executor.notify()
  }

  func passOnObjectBytesMax() {
    let limit = objectBytesTold.load(ordering: .relaxed)
    guard limit != objectBytesMax else { return }
    objectBytesMax = limit
    for actor in machine.partitions { actor.setObjectBytesMax(limit) }
  }

  /// Ends ``run(sender:)`` after the transaction under way. The partitions must have been released.
  func stop() { isStopping = true }

  /// The machine's time.
  var now: Duration { ContinuousClock.now - start }

  func perform(_ effects: [LaneMachine<PartitionActor>.Effect]) {
    for effect in effects {
      switch effect {
      case .dropOpenTransaction:
        endTrace(&openTrace, commands: machine.openCommands, accepted: open.accepted, isCommitted: false)
        open.removeAll()
        openRejections = [:]
      case .abandon: committer?.abandon()
      case .detach(let actor): detach(actor)
      case .restore(let actor): events.discarded(actor)
      case .remind(let id, let delay):
        reminders[id] = Task {
          try await Task.sleep(for: delay)
          perform(machine.reminded(id))
        }
      case .released(let id):
        reminders.removeValue(forKey: id)?.cancel()
        releases.removeValue(forKey: id)?.resume()
      }
    }
  }
}

/// What a lane tells the worker. Called on the lane's thread; must not block.
struct LaneEvents: Sendable {
  /// A partition's uncommitted work was discarded, though it is still assigned: it must be restored anew.
  let discarded: @Sendable (PartitionActor) -> Void
  /// All of a partition before this offset is committed. The end of a partition counts, where it is asked for:
  /// control records may stand before it.
  let committed: @Sendable (Int32, Int64) -> Void
  /// A partition's store cannot be read: it must be emptied before the partition is restored.
  let storeDamaged: @Sendable (Int32) -> Void
  /// A transaction's share was committed: by its last command the commands topic is known.
  var known: @Sendable (TransactionPart) -> Void = { _ in }
  /// The partition's position lies outside of the commands topic, so that nothing more comes.
  var inputLost: @Sendable (PartitionActor) -> Void = { _ in }
  /// The decider failed for commands of a partition, which are rejected.
  var deciderFailed: @Sendable (Int32, [DeciderErrorReport]) -> Void = { _, _ in }
}
