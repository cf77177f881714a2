import Dispatch
import KafkaClient
import Synchronization

/// Tells blocking work to end early. Any thread may use it.
final class Cancellation: Sendable {
  private let cancelled = Atomic(false)
  private let signal = DispatchSemaphore(value: 0)

  var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  func cancel() {
    cancelled.store(true, ordering: .releasing)
    signal.signal()
  }

  /// Pauses the calling thread, at most until it is cancelled.
  func wait(_ duration: Duration) {
    let timeout = DispatchTime.now() + .nanoseconds(Int(duration.nanoseconds))
    if signal.wait(timeout: timeout) == .success { signal.signal() }
  }
}
