import Synchronization

/// The memory for payloads of requests, from before they are read until they are answered. Any thread.
final class PayloadRoom: Sendable {
  private let free: Mutex<Int>

  init(bytes: Int) { free = Mutex(bytes) }

  /// Whether there is room; then ``leave(_:)`` must follow.
  func enter(_ bytes: Int) -> Bool {
    free.withLock { free in
      guard free >= bytes else { return false }
      free -= bytes
      return true
    }
  }

  /// Gives the room back.
  func leave(_ bytes: Int) { free.withLock { $0 += bytes } }
}
