import Synchronization

/// A value that two parts need of each other: it is bound once, after both exist and before either is used.
final class LateBound<Value: Sendable>: Sendable {
  private let slot = Mutex<Value?>(nil)

  /// - Precondition: bound.
  var value: Value {
    guard let value = slot.withLock({ $0 }) else {
      preconditionFailure("\(Value.self) was used before it was bound")
    }
    return value
  }

  func bind(_ value: Value) { slot.withLock { $0 = value } }
}
