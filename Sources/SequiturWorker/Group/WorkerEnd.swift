import BlockingThreads
import KafkaClient
import Synchronization

/// The end of a running worker: why, and when. The first reason counts.
final class WorkerEnd: Sendable {
  enum Reason: Sendable {
    /// Somebody asked for it, or all is done.
    case asked
    /// The worker cannot go on.
    case failed(any Error)
    /// Its client can never be a member of the group again, as when another process took its instance id. A worker
    /// that is started anew can.
    case membershipLost(KafkaError)
  }

  private let reason = Mutex<Reason?>(nil)
  private let event = OneTimeEvent()

  /// Lets the worker end.
  func come(_ why: Reason) {
    reason.withLock { $0 = $0 ?? why }
    event.signal()
  }

  /// Returns when the worker shall end.
  func wait() async -> Reason {
    await event.wait()
    return reason.withLock { $0 } ?? .asked
  }
}
