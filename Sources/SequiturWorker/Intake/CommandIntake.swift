import Dispatch
import KafkaClient
import Synchronization

/// Commands that were fetched and not yet taken, bounded over all partitions of the worker together.
///
///     assigned: paused ─▶ open ─▶ paused, to be restored anew …      gone with a revoke
///
/// librdkafka bounds what it fetches ahead by partition, which fits neither many of them nor few. A fetch brings whole
/// batches, so that many partitions hold a batch each, whatever the bound. And when all partitions are at their bound,
/// the broker's thread sleeps for up to a second, though room is made meanwhile (2.0.2: `rd_kafka_broker_serve`).
/// So the thread that fetches waits in ``hold()`` while the **open** partitions' queues are full, which is before all of
/// them are at librdkafka's bounds; the next lane that takes from one of them wakes it. Those bounds hold what a lane that
/// stands still leaves lying.
///
/// Of a partition that is being restored nothing is fetched (`KafkaRebalanceListener.assignsPaused`).
final class CommandIntake: Sendable {
  private struct State {
    var queues: [Int32: KafkaQueue] = [:]
    var machine: IntakeMachine

    /// Tells the machine what is in the queues.
    mutating func count() {
      for (partition, queue) in queues { machine.waits(queue.count, of: partition) }
    }
  }

  private let state: Mutex<State>
  private let room = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - bytesMax: of fetched records in memory, at which nothing more is fetched. One more fetch of each broker comes
  ///     on top.
  ///   - standstill: how long nothing was taken when a lane stands still and another wants something.
  init(bytesMax: Int, standstill: Duration = IntakeLimits.standstill) {
    state = Mutex(State(machine: IntakeMachine(bytesMax: bytesMax, standstill: standstill)))
  }

  // MARK: Partitions come and go

  /// The partition's commands come to this queue from now on.
  func open(_ partition: Int32, _ queue: KafkaQueue) {
    state.withLock { state in
      state.queues[partition] = queue
      state.machine.open(partition)
    }
  }

  /// The partitions are no longer assigned, or nothing of them is fetched for now.
  func forget(_ partitions: [Int32]) {
    state.withLock { state in
      for partition in partitions {
        state.queues[partition] = nil
        state.machine.close(partition)
      }
    }
  }

  /// No partition is assigned any more, and the consumer can go.
  func close() { forget(state.withLock { Array($0.queues.keys) }) }

  // MARK: What is taken and fetched

  /// A lane has taken so many messages, with so many bytes of keys and values, from an open partition.
  func took(_ messages: Int, bytes: Int, of partition: Int32) {
    if state.withLock({ $0.machine.took(messages, bytes: bytes, of: partition) }) { room.signal() }
  }

  /// A lane has looked into all its open partitions, and they have nothing.
  func foundNothing() { state.withLock { $0.machine.foundNothing() } }

  /// Returns when there is room for another fetch. Called on the broker's thread, for each fetch that has arrived.
  ///
  /// - Parameter responseBytes: what has arrived, which is in no queue yet.
  func hold(_ responseBytes: Int) {
    var fetch = state.withLock { state in
      state.count()
      return state.machine.arrived(bytes: responseBytes, now: .now)
    }
    while !look(&fetch) {
      // Another look after a while: partitions may be gone, and one signal wakes only one of several brokers' threads.
      _ = room.wait(timeout: .now() + IntakeLimits.look.seconds)
    }
  }

  private func look(_ fetch: inout IntakeMachine.Fetch) -> Bool {
    state.withLock { state in
      state.count()
      return state.machine.look(&fetch, now: .now)
    }
  }

  /// How often a broker's thread has looked for room, found none, and gone on waiting.
  var looksInVain: Int { state.withLock { $0.machine.looksInVain } }

  /// Whether a broker's thread waits for room.
  var isHolding: Bool { state.withLock { $0.machine.isHolding } }
}
