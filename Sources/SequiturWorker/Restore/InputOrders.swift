import PartitionEngine
import Synchronization

/// What the operator has decided about commands that cannot be gone on with: it holds for what was found at the start of
/// this worker, and not for what happens to the commands while it runs.
final class InputOrders: Sendable {
  let decision: InputDecision
  /// By partition, the position from which its first order was carried out.
  private let carriedOut = Mutex<[Int32: Int64]>([:])

  init(_ decision: InputDecision) {
    self.decision = decision
  }

  /// Whether the position of a partition may be moved by order: the first time, and again while nothing was committed
  /// since, as when the partition was restored once more.
  func carryOut(_ partition: Int32, from position: Int64) -> Bool {
    carriedOut.withLock { carriedOut in
      guard let before = carriedOut[partition] else {
        carriedOut[partition] = position
        return true
      }
      return before == position
    }
  }
}
