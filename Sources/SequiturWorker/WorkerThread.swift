import Foundation

/// A thread of its own for blocking calls, which must not be made in Swift's cooperative pool.
final class WorkerThread: Sendable {
  private let finished = OneTimeEvent()

  /// Starts a thread that runs `body` once.
  init(name: String, _ body: @escaping @Sendable () -> Void) {
    let finished = finished
    let thread = Thread {
      body()
      finished.signal()
    }
    thread.name = name
    thread.stackSize = 1 << 20
    thread.start()
  }

  /// Returns when the thread's body has returned.
  func join() async { await finished.wait() }
}
