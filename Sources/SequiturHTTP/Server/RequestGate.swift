import Synchronization

/// Counts the requests that are being answered, and lets no more in than there is room for. Any thread.
final class RequestGate: Sendable {
  private let inside = Atomic(0)
  private let most: Int

  init(atMost most: Int) { self.most = most }

  /// Whether there is room; then ``leave()`` must follow.
  func enter() -> Bool {
    if inside.add(1, ordering: .relaxed).newValue <= most { return true }
    leave()
    return false
  }

  func leave() { inside.subtract(1, ordering: .relaxed) }

  /// Requests inside at this moment.
  var count: Int { inside.load(ordering: .relaxed) }
}
