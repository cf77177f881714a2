import KafkaClient
import PartitionEngine

/// One partition that this worker serves: the single thread through which all of its commands go.
///
/// Runs on its lane's executor. The lane is on the same one, so its calls need no hop: they are nonisolated
/// methods that check they are on the lane's thread and trap anywhere else.
actor PartitionActor {
  nonisolated let partition: Int32
  /// Where the partition's commands arrive.
  nonisolated let queue: KafkaQueue
  private nonisolated let executor: LaneExecutor
  private let task: any PartitionTask
  private let store: PartitionStore
  private var lastDrain = ContinuousClock.now
  private var hasLostStore = false

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

  /// Seals the open commands; `nil` when there are none.
  nonisolated func seal(into output: inout OutputBatch) -> TransactionPart? {
    assumeIsolated { actor in
      guard actor.task.hasOpenCommands else { return nil }
      let start = actor.task.committedPosition
      return TransactionPart(partition: partition, start: start, end: actor.task.seal(into: &output))
    }
  }

  nonisolated func commit(checkpointOffset: Int64?) {
    assumeIsolated { $0.task.commit(checkpointOffset: checkpointOffset) }
  }

  nonisolated var hasOpenCommands: Bool { assumeIsolated { $0.task.hasOpenCommands } }
  nonisolated var openByteCount: Int { assumeIsolated { $0.task.openByteCount } }
  nonisolated var isDraining: Bool { assumeIsolated { $0.task.isDraining } }
  nonisolated var undrainedByteCount: Int { assumeIsolated { $0.task.undrainedByteCount } }

  /// Whether the store was opened anew or dropped meanwhile: the partition must be restored.
  nonisolated var isStoreLost: Bool { assumeIsolated { $0.hasLostStore } }

  nonisolated func setObjectBytesMax(_ limit: Int) {
    assumeIsolated { $0.task.setObjectBytesMax(limit) }
  }

  /// Makes a drain when `bytes` or more wait for one, or anything at all for longer than `age`.
  ///
  /// - Returns: the drain, to be written in the background and then reported to ``drainEnded(_:)``.
  nonisolated func takeDrain(ifOver bytes: Int, orOlderThan age: Duration) -> DrainJob? {
    assumeIsolated { $0.makeDrain(ifOver: bytes, orOlderThan: age) }
  }

  func drainEnded(_ ending: DrainEnding) {
    switch ending {
    case .written: task.finishDrain()
    case .failed: task.failDrain()
    case .storeLost:
      task.failDrain()
      hasLostStore = true
    }
  }

  private func makeDrain(ifOver bytes: Int, orOlderThan age: Duration) -> DrainJob? {
    guard !task.isDraining, task.undrainedByteCount > 0 else { return nil }
    let now = ContinuousClock.now
    guard task.undrainedByteCount >= bytes || now - lastDrain >= age else { return nil }
    lastDrain = now
    let job = DrainJob(partition: self, store: store)
    let position = task.takeDrain { key, record in job.add(key, record) }
    job.setPosition(position)
    return job
  }
}

/// A partition's share of a transaction: the commands from `start` up to but not including `end`.
struct TransactionPart: Sendable, Hashable {
  let partition: Int32
  let start: Int64
  let end: Int64
}
