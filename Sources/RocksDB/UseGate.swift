internal import Synchronization

/// Counts the users of a C handle, and says who has to destroy it once it is closed.
///
///     open, 0 ⇄ open, n        enter, leave
///        │         │           close
///        ▼         ▼
///      idle ◀── closed, n      leave of the last one
///
/// "Idle" is reported exactly once, to `close` or to the last `leave`; whoever gets it destroys
/// the handle. So closing waits for nobody, and no user ever sees a destroyed handle.
/// Thread rule: any thread; two atomic operations for one use.
struct UseGate: ~Copyable {
  private let state = Atomic<UInt>(0)
  private static let closedBit: UInt = 1 << 63

  /// Takes one use; `false` when the gate is closed, and then nothing is to be left.
  @inline(__always)
  borrowing func enter() -> Bool {
    var seen = state.load(ordering: .relaxed)
    while seen & Self.closedBit == 0 {
      let (exchanged, original) = state.weakCompareExchange(
        expected: seen, desired: seen + 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      if exchanged { return true }
      seen = original
    }
    return false
  }

  /// Gives one use back; `true` when the caller must destroy the handle.
  @inline(__always)
  borrowing func leave() -> Bool {
    let (before, after) = state.subtract(1, ordering: .acquiringAndReleasing)
    precondition(before & ~Self.closedBit != 0, "a use is left twice")
    return after == Self.closedBit
  }

  /// Refuses further uses; `true` when the caller must destroy the handle. Idempotent.
  borrowing func close() -> Bool {
    state.bitwiseOr(Self.closedBit, ordering: .acquiringAndReleasing).oldValue == 0
  }
}
