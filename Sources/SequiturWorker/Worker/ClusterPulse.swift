import BlockingThreads
import KafkaClient
import Synchronization

/// Asks the cluster where the commands of a few partitions end, and so whether it answers at all.
///
/// On a thread of its own: librdkafka 2.0.2 waits for an answer as long as its `socket.timeout.ms` says, and tries again, whatever
/// time-out the call was given. Whoever looks at it never waits.
final class ClusterPulse: Sendable {
  /// Where a partition's commands end.
  struct End: Sendable {
    /// Of all records.
    var high: Int64
    /// Of those below the first open transaction.
    var stable: Int64
  }

  /// What is known at a moment.
  struct Look: Sendable {
    /// By partition, as it was told last.
    var ends: [Int32: End] = [:]
    /// Since the cluster answered last, while it owes an answer.
    var silence = Duration.zero
    /// Why the last question has no answer; nil when it has one.
    var fault: String?
  }

  private struct State {
    var ends: [Int32: End] = [:]
    var fault: String?
    var answeredAt = ContinuousClock.now
    var isWaiting = false
    /// What is to be asked about next.
    var partitions: [Int32] = []
    /// Positions that stand still, by partition.
    var standing: [Int32: Int64] = [:]
    /// Where a position is known to have no command behind it, up to an end.
    var empty: [Int32: Empty] = [:]
  }

  private struct Empty: Hashable {
    let position: Int64
    let end: Int64
  }

  private let topic: String
  private let admin: KafkaAdmin
  private let consumer: KafkaConsumer
  private let reader: CommandReader
  private let state = Mutex(State())
  private let stopping = Cancellation()

  init(topic: String, admin: KafkaAdmin, consumer: KafkaConsumer, reader: CommandReader) {
    self.topic = topic
    self.admin = admin
    self.consumer = consumer
    self.reader = reader
  }

  /// Starts the thread. It ends by itself after ``stop()``, as soon as the call under way has.
  func start() {
    _ = BlockingThread(name: "pulse") { [self] in
      var next = 0
      while !stopping.isCancelled {
        ask(&next)
        stopping.wait(WatchLimits.interval)
      }
    }
  }

  func stop() { stopping.cancel() }

  /// What is known; and what is to be asked about from now on.
  ///
  /// - Parameter standing: positions that have stood still with something behind them.
  func look(at partitions: [Int32], standing: [Int32: Int64]) -> Look {
    state.withLock { state in
      state.partitions = partitions
      state.standing = standing
      state.ends = state.ends.filter { partitions.contains($0.key) }
      state.empty = state.empty.filter { partitions.contains($0.key) }
      let owes = state.isWaiting || state.fault != nil
      return Look(
        ends: state.ends, silence: owes ? ContinuousClock.now - state.answeredAt : .zero, fault: state.fault)
    }
  }

  /// Whether no command stands from a position up to the end: then none waits. A transaction of a sender ends with a control
  /// record, which takes an offset and is never delivered, and an aborted one leaves more of them.
  func hasNoCommands(_ partition: Int32, from position: Int64) -> Bool {
    state.withLock { state in
      state.ends[partition].map { state.empty[partition] == Empty(position: position, end: $0.high) } ?? false
    }
  }

  // MARK: On the pulse's thread

  /// Asks about the next few partitions; without any, about the first one of the topic.
  private func ask(_ next: inout Int) {
    let (partitions, standing) = state.withLock { ($0.partitions, $0.standing) }
    let candidates = partitions.isEmpty ? [0] : partitions
    for _ in 0..<min(candidates.count, WatchLimits.partitionsPerLook) where !stopping.isCancelled {
      let partition = candidates[next % candidates.count]
      next = (next + 1) % candidates.count
      do throws(KafkaError) {
        let end = try end(of: partition)
        guard let position = standing[partition], end.stable >= end.high, position < end.high else {
          continue
        }
        let known = state.withLock { $0.empty[partition] }
        guard known != Empty(position: position, end: end.high) else { continue }
        let found = try reader.endWithoutRecords(from: position, of: partition, timeout: WatchLimits.call)
        guard let found, found >= end.high else { continue }
        state.withLock { $0.empty[partition] = Empty(position: position, end: end.high) }
      } catch {
        return state.withLock { state in
          state.fault = "\(error)"
          state.isWaiting = false
        }
      }
    }
  }

  private func end(of partition: Int32) throws(KafkaError) -> End {
    state.withLock { state in
      // Quiet until now, or owing an answer already.
      if !state.isWaiting, state.fault == nil { state.answeredAt = .now }
      state.isWaiting = true
    }
    let high = try admin.watermarks(topic: topic, partition: partition, timeout: WatchLimits.call).high
    let stable = try consumer.watermarks(topic: topic, partition: partition, timeout: WatchLimits.call).high
    let end = End(high: high, stable: stable)
    state.withLock { state in
      state.ends[partition] = end
      state.answeredAt = .now
      state.isWaiting = false
      state.fault = nil
    }
    return end
  }
}
