import BlockingThreads
import KafkaClient
import Synchronization

/// Watches until every partition has been processed up to where it ended when the worker started.
///
/// One without commands, too: that it has none may be what is wrong with it, which its restore finds out.
final class CatchUp: Sendable {
  private let remaining: Mutex<[Int32: Int64]>
  /// Partitions that had no commands: of these the group may have no position.
  let empty: Set<Int32>
  let done = OneTimeEvent()

  /// - Parameter bounds: of all partitions; not empty.
  init(_ bounds: [Int32: Watermarks]) {
    remaining = Mutex(bounds.mapValues(\.high))
    empty = Set(bounds.filter { $0.value.high == $0.value.low }.keys)
  }

  /// All commands of the partition below `offset` were processed and committed.
  func reached(_ partition: Int32, _ offset: Int64) {
    let isDone = remaining.withLock { remaining in
      if let end = remaining[partition], offset >= end { remaining[partition] = nil }
      return remaining.isEmpty
    }
    if isDone { done.signal() }
  }

  /// Partitions that are not there yet, with their ends.
  var missing: [Int32: Int64] { remaining.withLock { $0 } }
}
