import KafkaClient
import Sequitur
import Synchronization

/// What became of the records that `submit` sent.
final class DeliveryLedger: Sendable {
  struct State {
    var acknowledged = 0
    var failed = 0
    var firstFailure: KafkaError?
    /// Where each command is, by its index; empty unless it is to be waited for.
    var positions: [CommandPosition: Int] = [:]
  }

  private let state = Mutex(State())
  private let keepsPositions: Bool

  init(keepsPositions: Bool) { self.keepsPositions = keepsPositions }

  var current: State { state.withLock { $0 } }
  var acknowledged: Int { state.withLock { $0.acknowledged } }
  var firstFailure: KafkaError? { state.withLock { $0.firstFailure } }

  /// Called by the producer for each record; the tag is the command's index plus 1.
  func record(_ report: DeliveryReport) {
    state.withLock { state in
      if let error = report.error {
        state.failed += 1
        state.firstFailure = state.firstFailure ?? error
        return
      }
      state.acknowledged += 1
      guard keepsPositions else { return }
      state.positions[CommandPosition(partition: report.partition, offset: report.offset)] =
        Int(report.tag) - 1
    }
  }
}
