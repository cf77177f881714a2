import Dispatch
import Synchronization

/// Bounds how many restores read a changelog at once: each has a Kafka client and buffers of its own.
///
/// Long reads have turns of their own, so that a partition whose store lacks little is not kept waiting by one that is
/// rebuilt. Who waits for somebody else, such as a predecessor's transaction, holds no turn meanwhile.
///
/// First come, first served, for each kind. Any thread; ``take(_:_:)`` blocks.
final class RestoreTurns: Sendable {
  enum Kind: Sendable, Hashable {
    /// What is made of it goes to the store in batches.
    case short
    /// It collects objects for table files.
    case long
  }

  private struct Waiter {
    let number: Int
    let signal: DispatchSemaphore
  }

  private struct Line {
    var free: Int
    var waiters: [Waiter] = []
  }

  private struct State {
    var short: Line
    var long: Line
    var nextNumber = 0

    subscript(kind: Kind) -> Line {
      get { kind == .short ? short : long }
      set { if kind == .short { short = newValue } else { long = newValue } }
    }
  }

  private let state: Mutex<State>

  /// - Parameter count: how many turns there are of each kind.
  init(count: Int) {
    state = Mutex(State(short: Line(free: count), long: Line(free: count)))
  }

  /// Runs `body` with a turn, once there is one.
  ///
  /// - Throws: `CancellationError` when it was cancelled before; what `body` throws.
  func with<Result: ~Copyable>(
    _ kind: Kind, _ cancellation: Cancellation, _ body: () throws -> Result
  ) throws -> Result {
    try take(kind, cancellation)
    defer { give(kind) }
    return try body()
  }

  /// How many wait for a turn.
  func waiting(for kind: Kind) -> Int { state.withLock { $0[kind].waiters.count } }

  private func take(_ kind: Kind, _ cancellation: Cancellation) throws(CancellationError) {
    let waiter: Waiter? = state.withLock { state in
      guard state[kind].free == 0 else {
        state[kind].free -= 1
        return nil
      }
      defer { state.nextNumber += 1 }
      let waiter = Waiter(number: state.nextNumber, signal: DispatchSemaphore(value: 0))
      state[kind].waiters.append(waiter)
      return waiter
    }
    guard let waiter else { return }
    while waiter.signal.wait(timeout: .now() + Self.look) == .timedOut {
      if cancellation.isCancelled, withdraw(waiter, kind) { throw CancellationError() }
    }
  }

  /// Gives the turn to the first who waits for one.
  private func give(_ kind: Kind) {
    let next: Waiter? = state.withLock { state in
      guard !state[kind].waiters.isEmpty else {
        state[kind].free += 1
        return nil
      }
      return state[kind].waiters.removeFirst()
    }
    next?.signal.signal()
  }

  /// Returns false when the turn has been given meanwhile: its signal is there.
  private func withdraw(_ waiter: Waiter, _ kind: Kind) -> Bool {
    state.withLock { state in
      guard let index = state[kind].waiters.firstIndex(where: { $0.number == waiter.number }) else {
        return false
      }
      state[kind].waiters.remove(at: index)
      return true
    }
  }

  /// How often a waiter looks whether it was cancelled: a revoke waits for it.
  private static let look = DispatchTimeInterval.milliseconds(20)
}
