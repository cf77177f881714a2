import Dispatch
import KafkaClient
import Synchronization

/// Says to several threads that it is time to end, and wakes those that wait.
final class StopSignal: Sendable {
  private let group = DispatchGroup()
  private let stopped = Mutex(false)

  init() { group.enter() }

  deinit { if !isStopped { group.leave() } }

  var isStopped: Bool { stopped.withLock { $0 } }

  func stop() {
    let isFirst = stopped.withLock { stopped in
      defer { stopped = true }
      return !stopped
    }
    if isFirst { group.leave() }
  }

  /// Waits for so long, or until it is time to end.
  func wait(_ time: Duration) { _ = group.wait(timeout: .now() + .nanoseconds(Int(time.nanoseconds))) }
}

extension StopSignal {
  /// Makes a call whose answer does not come again, until it comes or it is time to end.
  ///
  /// - Parameter told: learns each time that none came.
  func untilAnswered(
    _ told: (KafkaError) -> Void, _ call: () throws(KafkaError) -> Void
  ) throws(KafkaError) {
    while true {
      do throws(KafkaError) {
        return try call()
      } catch {
        guard error.severity == .retriable, !isStopped else { throw error }
        told(error)
        wait(.milliseconds(100))
      }
    }
  }
}
