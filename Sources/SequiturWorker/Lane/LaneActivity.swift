import Synchronization

/// What a lane does, for who watches it while the lane itself may stand still. Written a few times a transaction. Any thread.
final class LaneActivity: Sendable {
  private struct State {
    var pausedUntil: ContinuousClock.Instant?
    var pauseReason: String?
  }

  /// Its committer's share.
  let commit: CommitActivity
  private let undrainedByteCount = Atomic(0)
  private let state = Mutex(State())

  init(meters: WorkerMeters? = nil) { commit = CommitActivity(meters: meters) }

  /// Committed bytes that the store does not have yet, when it was counted last.
  var undrainedBytes: Int { undrainedByteCount.load(ordering: .relaxed) }

  func undrained(_ bytes: Int) { undrainedByteCount.store(bytes, ordering: .relaxed) }

  /// The lane's store cannot be read, and the lane waits.
  func paused(until end: ContinuousClock.Instant, why: String) {
    state.withLock { $0 = State(pausedUntil: end, pauseReason: why) }
  }

  /// Why the lane pauses, or did less than a second ago; nil when it does not.
  var pauseReason: String? {
    state.withLock { state in
      guard let end = state.pausedUntil, ContinuousClock.now < end + .seconds(1) else { return nil }
      return state.pauseReason
    }
  }
}
