import Synchronization

/// What the lanes of one rehearsal share: which partition comes next, and how far all of them are.
final class RehearsalQueue: Sendable {
  private struct State {
    var next: Int32 = 0
    /// Of each partition: commands and differences.
    var counts: [Int32: (commands: Int, differences: Int)] = [:]
  }

  private let progress: (@Sendable (RehearsalProgress) -> Void)?
  private let state = Mutex(State())

  init(_ progress: (@Sendable (RehearsalProgress) -> Void)?) { self.progress = progress }

  /// A partition that no lane has taken yet; nil: there is none.
  func take(of partitions: Int32) -> Int32? {
    state.withLock { state in
      guard state.next < partitions else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  /// Tells how far a partition is. One lane at a time.
  func tell(_ partition: Int32, of partitions: Int32, _ report: RehearsalReport) {
    state.withLock { state in
      state.counts[partition] = (report.commands, report.differences)
      progress?(
        RehearsalProgress(
          partition: partition, partitions: partitions,
          commands: state.counts.values.reduce(0) { $0 + $1.commands },
          differences: state.counts.values.reduce(0) { $0 + $1.differences }))
    }
  }
}
