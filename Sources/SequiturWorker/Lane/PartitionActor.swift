import KafkaClient
import PartitionEngine

/// One partition that this worker serves: the single thread through which all of its commands go.
///
/// Runs on its lane's executor. The lane is on the same one, so its calls need no hop: they are nonisolated
/// methods that check they are on the lane's thread and trap anywhere else.
actor PartitionActor: LanePartition {
  nonisolated let partition: Int32
  /// Where the partition's commands arrive.
  nonisolated let queue: KafkaQueue
  private nonisolated let executor: LaneExecutor
  private let task: any PartitionTask
  private let store: PartitionStore

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(
    partition: Int32, queue: KafkaQueue, executor: LaneExecutor, store: PartitionStore,
    task: sending any PartitionTask
  ) {
    self.partition = partition
    self.queue = queue
    self.executor = executor
    self.store = store
    self.task = task
  }

  nonisolated func process(
    _ messages: borrowing MessageBatch, _ range: Range<Int>, into output: inout OutputBatch,
    outputBytesMax: Int
  ) -> RunResult {
    assumeIsolated { $0.task.process(messages, range, into: &output, outputBytesMax: outputBytesMax) }
  }

  /// Seals the open commands.
  nonisolated func seal(into output: inout OutputBatch) -> TransactionPart {
    assumeIsolated { actor in
      let start = actor.task.committedPosition
      return TransactionPart(
        partition: partition, start: start, end: actor.task.seal(into: &output),
        lastCommand: actor.task.lastCommand)
    }
  }

  /// Moves the position over offsets without a command; false when commands came since `position` was read.
  nonisolated func pass(from position: Int64, to end: Int64) -> Bool {
    assumeIsolated { $0.task.pass(from: position, to: end) }
  }

  nonisolated func commit(checkpointOffset: Int64?) {
    assumeIsolated { $0.task.commit(checkpointOffset: checkpointOffset) }
  }

  nonisolated var hasOpenCommands: Bool { assumeIsolated { $0.task.hasOpenCommands } }
  nonisolated var openByteCount: Int { assumeIsolated { $0.task.openByteCount } }
  nonisolated var isDraining: Bool { assumeIsolated { $0.task.isDraining } }
  nonisolated var undrainedByteCount: Int { assumeIsolated { $0.task.undrainedByteCount } }

  nonisolated func setObjectBytesMax(_ limit: Int) {
    assumeIsolated { $0.task.setObjectBytesMax(limit) }
  }

  /// Makes a drain of what waits for one; `nil` when nothing does, or another one is under way.
  ///
  /// - Returns: the drain, to be written in the background; its end is told to the lane.
  nonisolated func takeDrain(for lane: Lane) -> DrainJob? {
    assumeIsolated { $0.makeDrain(for: lane) }
  }

  nonisolated func drainEnded(_ ending: DrainEnding) {
    assumeIsolated { actor in
      switch ending {
      case .written: actor.task.finishDrain()
      case .failed, .storeLost: actor.task.failDrain()
      }
    }
  }

  private func makeDrain(for lane: Lane) -> DrainJob? {
    guard !task.isDraining, task.undrainedByteCount > 0 else { return nil }
    let job = DrainJob(partition: self, lane: lane, store: store)
    let position = task.takeDrain { key, record in job.add(key, record) }
    job.setPosition(position)
    return job
  }
}
