import Dispatch
import Synchronization

/// The way to a sink: offers a batch again until it is taken, which a stop ends.
final class SinkDoor: Sendable {
  /// What became of a batch.
  enum Outcome {
    case applied
    /// Somebody else has moved the sink.
    case fenced
    /// The follower was stopped, and the sink does not have the batch.
    case stopped
  }

  let sink: any FollowSink
  private let stopped = Mutex(false)
  private let wake = DispatchSemaphore(value: 0)

  init(_ sink: any FollowSink) { self.sink = sink }

  var isStopped: Bool { stopped.withLock { $0 } }

  /// From any thread; nothing is offered afterwards.
  func stop() {
    stopped.withLock { $0 = true }
    wake.signal()
  }

  /// Blocks while the sink asks for time.
  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) throws -> Outcome {
    while !isStopped {
      switch try sink.apply(batch, of: partition, from: old, to: new) {
      case .applied: return .applied
      case .fenced: return .fenced
      case .retry(let time):
        // A stop that came before is not lost: the semaphore counts it.
        _ = wake.wait(timeout: .now() + time / .seconds(1))
      }
    }
    return .stopped
  }
}
