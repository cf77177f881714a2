import Synchronization

/// Watches until every partition has been processed up to where it ended when the worker started.
final class CatchUp: Sendable {
  private let remaining: Mutex<[Int32: Int64]>
  let done = OneTimeEvent()

  /// - Parameter ends: the end offsets by partition; partitions without any command left out.
  init(ends: [Int32: Int64]) {
    remaining = Mutex(ends)
    if ends.isEmpty { done.signal() }
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
