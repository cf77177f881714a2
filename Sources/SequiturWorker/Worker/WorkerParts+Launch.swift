import BlockingThreads
import KafkaClient
import Logging
import PartitionEngine
import Sequitur

extension WorkerParts {
  /// Starts the threads and joins the group.
  func launch(pool: BlockingPool, makeTask: @escaping Worker.TaskFactory) throws -> WorkerRuntime {
    let memory = configuration.memory
    let drainer = Drainer(state: state, memory: memory, statistics: statistics, logger: logger)
    let bound = LateBound<Assignments>()
    let turns = RestoreTurns(count: configuration.restoreTurns)
    let deciderErrors = DeciderErrorLog(topic: configuration.topics.commands, logger: logger)
    let tracer = WorkerTracer(
      configuration.tracer, topic: configuration.topics.commands, group: configuration.applicationID)
    let lanes = senders.indices.map { index in
      Lane(
        index: index, limits: laneLimits, drainer: drainer, intake: intake, outputLimits: outputLimits,
        statistics: statistics,
        events: laneEvents(bound, deciderErrors), tracer: tracer, logger: logger)
    }
    let end = WorkerEnd()
    let assignments = Assignments(
      lanes: lanes,
      service: Assignments.Service(
        pause: { partition in try await pool.run { try pause(partition) } },
        openQueue: { partition in
          try consumer.partitionQueue(topic: configuration.topics.commands, partition: partition)
        },
        restore: { partition, cancellation in
          await drainer.settle(partition)
          // On a thread of its own: with a few for all, partitions that wait for a transaction would keep others waiting.
          return try await withBlockingThread("restore-\(partition)") {
            try restoreJob(partition, turns, cancellation).run()
          }
        },
        begin: { partition, position in try await pool.run { try begin(partition, position) } },
        makeActor: { partition, restored, lane, objectBytesMax in
          makeActor(partition, restored, lane, objectBytesMax: objectBytesMax, makeTask)
        },
        refused: { error in end.come(.failed(error)) },
        restart: { error in end.come(.membershipLost(error)) }, needsAll: catchUp != nil),
      objectBytesMax: configuration.objectBytesMax ?? memory.objectBytes, statistics: statistics,
      tracer: tracer, logger: logger)
    bound.bind(assignments)
    let laneTasks = zip(lanes, senders).map { lane, sender in Task { await lane.run(sender: sender) } }
    let watch = WorkerWatch(
      WorkerWatch.Parts(
        configuration: configuration, statistics: statistics, admin: admin, consumer: consumer,
        reader: commandReader, state: state,
        drainer: drainer, lanes: lanes, executions: executions), logger: logger)
    let housekeeping = Task { await keepHouse(pool, assignments, end) }
    try consumer.subscribe([configuration.topics.commands])
    membership.start(consumer, assignments: assignments) { reason in end.come(reason) }
    return WorkerRuntime(
      end: end, logger: logger, state: state, drainer: drainer, pool: pool, lanes: lanes,
      laneTasks: laneTasks, membership: membership, watch: watch, housekeeping: housekeeping, bound: bound)
  }

  /// A lane's share of the memory; what one command may make stays as it was configured.
  private var laneLimits: Limits {
    var shares = limits
    let memory = configuration.memory
    let lanes = configuration.lanes
    shares.transactionBytesMax = min(limits.transactionBytesMax, memory.transactionBytes(lanes: lanes))
    shares.undrainedBytesMax = min(2 * limits.undrainedBytesMax, memory.undrainedBytes(lanes: lanes))
    return shares
  }

  private func laneEvents(
    _ assignments: LateBound<Assignments>, _ deciderErrors: DeciderErrorLog
  ) -> LaneEvents {
    LaneEvents(
      discarded: { actor in Task { await assignments.value?.discarded(actor) } },
      committed: { partition, offset in catchUp?.reached(partition, offset) },
      storeDamaged: { partition in state.markDamaged(partition) }, known: { inputWatch.committed($0) },
      inputLost: { actor in Task { await assignments.value?.inputSuspected(actor.partition) } },
      deciderFailed: { deciderErrors.report($0, $1) })
  }

  private func restoreJob(
    _ partition: Int32, _ turns: RestoreTurns, _ cancellation: Cancellation
  ) -> RestoreJob {
    RestoreJob(
      partition: partition, partitions: partitions, topics: configuration.topics, state: state,
      consumer: consumer, admin: admin,
      readerConfiguration: configuration.readerProperties(readers: 2 * configuration.restoreTurns),
      turns: turns,
      runBytesMax: configuration.memory.restoreRunBytes(readers: configuration.restoreTurns),
      timeouts: configuration.timeouts, schemaVersion: decider.schemaVersion, decider: decider,
      crashGuard: crashGuard,
      commands: commandReader, orders: inputOrders, statistics: statistics, logger: logger,
      cancellation: cancellation)
  }

  private func begin(_ partition: AssignedPartition, _ position: Int64?) throws {
    intake.open(partition.number, partition.queue)
    try consumer.begin(
      topic: configuration.topics.commands, partition: partition.number,
      offset: position ?? TopicPartitionOffset.beginning, timeout: configuration.timeouts.restoreCall)
  }

  private func pause(_ partition: Int32) throws {
    intake.forget([partition])
    try consumer.pause([TopicPartition(topic: configuration.topics.commands, partition: partition)])
  }

  private func makeActor(
    _ partition: AssignedPartition, _ restored: RestoreJob.Restored, _ lane: Lane, objectBytesMax: Int,
    _ makeTask: Worker.TaskFactory
  ) -> PartitionActor {
    inputWatch.begin(partition.number, restored.input)
    let seat = PartitionSeat(
      identity: PartitionIdentity(
        applicationID: configuration.applicationID, commandsTopic: configuration.topics.commands,
        partition: partition.number, partitions: partitions,
        // Its first checkpoint makes a changelog this one.
        incarnation: restored.incarnation ?? .random(in: 1 ... .max), moves: restored.moves,
        decider: decider.fingerprint, stateForms: decider.adding(to: restored.stateForms)),
      envelope: configuration.envelope, limits: outputLimits.bounding(limits),
      position: restored.position ?? 0, isMoved: restored.isMoved, lastCommand: restored.input?.last,
      changelogPosition: restored.changelogPosition, objectBytesMax: objectBytesMax,
      hashSeed: .random(in: .min ... .max),
      execution: crashGuard?.slot(of: partition.number) ?? .unguarded(),
      refusals: refusals(partition.number, from: restored.position ?? 0))
    executions.begin(partition.number, lane.index, seat.execution)
    return PartitionActor(
      partition: partition.number, queue: partition.queue, executor: lane.executor, store: restored.store,
      task: makeTask(seat, restored.store))
  }

  /// The commands of a partition that are rejected without being executed.
  private func refusals(_ partition: Int32, from position: Int64) -> [Int64: Rejection] {
    var refusals: [Int64: Rejection] = [:]
    if let offset = crashGuard?.poisoned(partition, from: position) { refusals[offset] = .crashed }
    if let (offset, rejection) = outputLimits.convict(of: partition, from: position) {
      refusals[offset] = rejection
    }
    return refusals
  }

  /// Flushes the store from time to time, and ends the worker when it has caught up.
  private func keepHouse(_ pool: BlockingPool, _ assignments: Assignments, _ end: WorkerEnd) async {
    await withTaskGroup { group in
      group.addTask {
        while await !Task.slept(for: configuration.timeouts.flushInterval) {
          let serving = await assignments.partitions
          try? await pool.run {
            if configuration.returnsFreeMemory { ProcessMemory.trim() }
            state.flush(wait: false)
            try state.retire(serving: serving, retention: configuration.partitionRetention)
          }
        }
      }
      group.addTask {
        while await !Task.slept(for: configuration.timeouts.inputInterval) {
          for partition in await assignments.partitions.sorted() {
            switch try? await pool.run({ inputWatch.look(at: partition) }) {
            case .otherCommands: await assignments.inputSuspected(partition)
            case .controlRecords(let position, let end):
              await assignments.pass(partition, from: position, to: end)
            case .nothing, nil: break
            }
          }
        }
      }
      if let catchUp {
        group.addTask {
          await catchUp.done.wait()
          end.come(.asked)
        }
        group.addTask {
          while await !Task.slept(for: WorkerLifeLimits.catchUpInterval), !catchUp.done.isSignalled {
            await lookAtOthers(catchUp, assignments, pool)
          }
        }
      }
    }
  }

  /// Partitions of other workers: what the group committed says how far they are.
  private func lookAtOthers(_ catchUp: CatchUp, _ assignments: Assignments, _ pool: BlockingPool) async {
    // Before the group has said what is whose, everything looks like another one's.
    guard (try? membership.confirmedMetadata(of: consumer) != nil) ?? false else { return }
    let own = await assignments.partitions
    for (partition, end) in catchUp.missing
    where !own.contains(partition) && catchUp.empty.contains(partition) {
      catchUp.reached(partition, end)
    }
    let others = catchUp.missing.keys.filter { !own.contains($0) }
      .map { TopicPartition(topic: configuration.topics.commands, partition: $0) }
    for other in others {
      // Each alone: the answer waits for the transactions of all that it is asked for.
      let positions = try? await pool.run {
        try consumer.committed([other], timeout: WorkerLifeLimits.catchUpInterval)
      }
      for (partition, position) in positions ?? [:] { catchUp.reached(partition.partition, position) }
    }
  }
}

extension Task where Success == Never, Failure == Never {
  /// Sleeps; returns true when the task was cancelled meanwhile.
  fileprivate static func slept(for duration: Duration) async -> Bool {
    do {
      try await sleep(for: duration)
      return false
    } catch {
      return true
    }
  }
}
