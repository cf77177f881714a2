import Foundation

/// A thread of its own for blocking calls, which must not be made in Swift's cooperative pool.
package final class BlockingThread: Sendable {
  private let finished = OneTimeEvent()

  /// Starts a thread that runs `body` once.
  ///
  /// - Parameter name: what `top -H` and debuggers show.
  package init(name: String, _ body: @escaping @Sendable () -> Void) {
    let finished = finished
    let thread = Thread {
      Self.nameCurrent(name)
      body()
      finished.signal()
    }
    thread.stackSize = 1 << 20
    thread.start()
  }

  /// Names the calling thread, for `top -H` and debuggers; Linux keeps 15 bytes (proc(5), `comm`). Foundation's
  /// `Thread.name` gets there only by chance: its setter looks for a thread that its `start` may not have noted yet.
  package static func nameCurrent(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY)
    guard file >= 0 else { return }
    _ = Array(name.utf8.prefix(15)).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    close(file)
  }

  /// Returns when the thread's body has returned.
  package func join() async { await finished.wait() }
}
