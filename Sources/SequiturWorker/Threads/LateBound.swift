import Synchronization

/// A value that two parts need of each other: bound once, after both exist, and released at their end, since until
/// then they keep each other alive.
final class LateBound<Value: Sendable>: Sendable {
  private let slot = Mutex<Value?>(nil)

  /// Nil before it is bound and after it was released.
  var value: Value? { slot.withLock { $0 } }

  func bind(_ value: Value) { slot.withLock { $0 = value } }

  func release() {
    // Dropped outside the lock: what the value is the last owner of may look here in its turn.
    let last = slot.withLock { $0.take() }
    withExtendedLifetime(last) {}
  }
}
