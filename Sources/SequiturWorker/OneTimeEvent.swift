import Synchronization

/// Something that happens once, and that tasks wait for.
final class OneTimeEvent: Sendable {
  private struct State {
    var isSignalled = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  /// Whether it has happened.
  var isSignalled: Bool { state.withLock { $0.isSignalled } }

  /// It has happened; later calls do nothing.
  func signal() {
    let waiters = state.withLock { state in
      state.isSignalled = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when it has happened.
  func wait() async {
    await withCheckedContinuation { continuation in
      let isSignalled = state.withLock { state in
        if !state.isSignalled { state.waiters.append(continuation) }
        return state.isSignalled
      }
      if isSignalled { continuation.resume() }
    }
  }
}
