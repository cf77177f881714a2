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
  fileprivate struct State {
    var open: [Int32: KafkaQueue] = [:]
    var responses = HeldResponses()
  }

  private let bytesMax: Int
  private let standstill: Duration
  private let state = Mutex(State())
  /// Mean bytes of memory of a fetched record, by what was taken lately.
  private let recordBytes = Atomic(IntakeLimits.recordBytesAssumed)
  /// How often something was taken.
  private let takes = Atomic(0)
  private let isHeld = Atomic(false)
  /// Whether a lane has looked for commands and found none, since the last fetch that was let through for it.
  private let isWanted = Atomic(false)
  private let room = DispatchSemaphore(value: 0)
  /// How often a hold has looked for room and gone on.
  private let holds = Atomic(0)

  /// - Parameters:
  ///   - bytesMax: of fetched records in memory, at which nothing more is fetched. One more fetch of each broker comes
  ///     on top.
  ///   - standstill: how long nothing was taken when a lane stands still and another wants something.
  init(bytesMax: Int, standstill: Duration = IntakeLimits.standstill) {
    self.bytesMax = bytesMax
    self.standstill = standstill
  }

  // MARK: Partitions come and go

  /// The partition's commands come to this queue from now on.
  func open(_ partition: Int32, _ queue: KafkaQueue) {
    state.withLock { state in
      state.open[partition] = queue
      state.responses.open(partition)
    }
  }

  /// The partitions are no longer assigned, or nothing of them is fetched for now.
  func forget(_ partitions: [Int32]) {
    state.withLock { state in
      for partition in partitions {
        state.open[partition] = nil
        state.responses.close(partition)
      }
    }
  }

  /// No partition is assigned any more, and the consumer can go.
  func close() { state.withLock { $0 = State() } }

  // MARK: What is taken and fetched

  /// A lane has taken so many messages, with so many bytes of keys and values, from an open partition.
  func took(_ messages: Int, bytes: Int, of partition: Int32) {
    state.withLock { $0.responses.took(messages, of: partition) }
    let mean = IntakeLimits.recordOverheadBytes + bytes / max(messages, 1)
    // Lanes may overwrite each other's share of the mean, which matters little.
    recordBytes.store((3 * recordBytes.load(ordering: .relaxed) + mean) / 4, ordering: .relaxed)
    takes.add(1, ordering: .relaxed)
    if isHeld.exchange(false, ordering: .relaxed) { room.signal() }
  }

  /// A lane has looked into all its open partitions, and they have nothing.
  func foundNothing() { isWanted.store(true, ordering: .relaxed) }

  /// Returns when there is room for another fetch. Called on the broker's thread, for each fetch that has arrived.
  ///
  /// - Parameter responseBytes: what has arrived, which is in no queue yet.
  ///
  /// A lane that stands still must not starve the others: while nothing at all is taken, and a lane wants something, one
  /// fetch after another is let through, slowly. When all stand still, none is: it would only take memory.
  func hold(_ responseBytes: Int) {
    state.withLock { $0.settle() }
    defer { state.withLock { $0.responses.arrive(bytes: responseBytes) } }
    let start = ContinuousClock.now
    var taken = takes.load(ordering: .relaxed)
    var takenAt = start
    while waitingBytes >= bytesMax {
      isHeld.store(true, ordering: .relaxed)
      // Another look after a while: partitions may be gone, and one signal wakes only one of several brokers' threads.
      _ = room.wait(timeout: .now() + IntakeLimits.look.seconds)
      let now = ContinuousClock.now
      if case let takes = takes.load(ordering: .relaxed), takes != taken { (taken, takenAt) = (takes, now) }
      if now - takenAt >= standstill, isWanted.exchange(false, ordering: .relaxed) { break }
      if now - start >= IntakeLimits.holdMax { break }
      holds.add(1, ordering: .relaxed)
    }
    isHeld.store(false, ordering: .relaxed)
  }

  /// How often a broker's thread has looked for room, found none, and gone on waiting.
  var looksInVain: Int { holds.load(ordering: .relaxed) }

  /// Whether a broker's thread waits for room.
  var isHolding: Bool { isHeld.load(ordering: .relaxed) }

  /// The memory of what waits in the open partitions' queues: of the records, or of the responses that they hold if that
  /// is more.
  private var waitingBytes: Int {
    let (records, responseBytes) = state.withLock { ($0.countWaiting(), $0.responses.byteCount()) }
    return max(
      records * recordBytes.load(ordering: .relaxed), responseBytes + records * IntakeLimits.messageBytes)
  }
}

extension CommandIntake.State {
  /// Messages in the open partitions' queues.
  fileprivate mutating func countWaiting() -> Int {
    open.reduce(0) { sum, partition in
      let count = partition.value.count
      responses.waits(count, of: partition.key)
      return sum + count
    }
  }

  /// What has arrived so far is in the queues.
  fileprivate mutating func settle() {
    _ = countWaiting()
    responses.settle()
  }
}
