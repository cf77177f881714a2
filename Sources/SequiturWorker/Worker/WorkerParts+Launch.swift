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
      service: WorkerPartitions(
        parts: self, pool: pool, drainer: drainer, turns: RestoreTurns(count: configuration.restoreTurns),
        end: end, makeTask: makeTask),
      needsAll: catchUp != nil,
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
