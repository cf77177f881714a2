import Synchronization

/// Something that happens once, and that tasks wait for.
package final class OneTimeEvent: Sendable {
  private struct State {
    var isSignalled = false
    var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    var nextWaiter = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// Whether it has happened.
  package var isSignalled: Bool { state.withLock { $0.isSignalled } }

  /// It has happened; later calls do nothing.
  package func signal() {
    let waiters = state.withLock { state in
      state.isSignalled = true
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume(returning: true) }
  }

  /// Returns when it has happened.
  package func wait() async { _ = await wait(nil) }

  /// Returns true when it has happened, false when the time is over first.
  package func wait(atMost time: Duration) async -> Bool { await wait(time) }

  private func wait(_ time: Duration?) async -> Bool {
    await withCheckedContinuation { continuation in
      let waiter: Int? = state.withLock { state in
        if state.isSignalled { return nil }
        defer { state.nextWaiter += 1 }
        state.waiters[state.nextWaiter] = continuation
        return state.nextWaiter
      }
      guard let waiter else { return continuation.resume(returning: true) }
      guard let time else { return }
      Task {
        try? await Task.sleep(for: time)
        state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume(returning: false)
      }
    }
  }
}
