import Synchronization

/// Says that events came, to those who wait for one. Any thread.
final class FeedNews: Sendable {
  private struct State {
    var count = 0
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
  }

  private let state = Mutex(State())

  /// How often events came: taken before one looks for them.
  var count: Int { state.withLock { $0.count } }

  func tell() {
    let waiters = state.withLock { state in
      state.count += 1
      defer { if !state.waiters.isEmpty { state.waiters = [:] } }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when events came since the count was taken, the time is over, or the task is cancelled.
  func wait(beyond count: Int, atMost time: Duration) async {
    let waiter = state.withLock { state in
      defer { state.nextWaiter += 1 }
      return state.nextWaiter
    }
    var clock: Task<Void, any Error>?
    defer { clock?.cancel() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          guard state.count == count, !Task.isCancelled else { return true }
          state.waiters[waiter] = continuation
          return false
        }
        guard !isOver else { return continuation.resume() }
        clock = Task { [self] in
          try await Task.sleep(for: time)
          leave(waiter)
        }
      }
    } onCancel: {
      leave(waiter)
    }
  }

  private func leave(_ waiter: Int) {
    state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
  }
}
