import KafkaClient
import Sequitur
import Synchronization

/// What became of the commands that `submit` sent: which are on their way, and which wait for their outcome.
///
///     send ─▶ on the way ─acknowledged─▶ waiting (where outcomes are wanted) ─outcome─▶ forgotten
final class DeliveryLedger: Sendable {
  /// A command that was sent.
  struct Command: Sendable, Hashable {
    let line: Int
    let key: [UInt8]
  }

  /// Whose outcome stands at a position.
  enum Owner: Hashable {
    case ours(Command)
    /// Another program's command.
    case others
    /// A command of ours whose acknowledgement is on its way may stand there.
    case notKnownYet
  }

  private struct State {
    var sent = 0
    var acknowledged = 0
    var firstFailure: KafkaError?
    /// By tag; only when outcomes are wanted.
    var onTheWay: [UInt: Command] = [:]
    var waiting: [CommandPosition: Command] = [:]
    /// The last acknowledged offset, by partition: a producer's acknowledgements come in order.
    var last: [Int32: Int64] = [:]
  }

  private let state = Mutex(State())
  private let keepsPositions: Bool

  /// - Parameter keepsPositions: whether outcomes are wanted.
  init(keepsPositions: Bool) { self.keepsPositions = keepsPositions }

  var sent: Int { state.withLock { $0.sent } }
  var acknowledged: Int { state.withLock { $0.acknowledged } }
  var firstFailure: KafkaError? { state.withLock { $0.firstFailure } }
  /// Commands that are acknowledged and have no outcome yet.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Notes a command that is about to be sent; returns its tag, from 1.
  func begin(line: Int, key: UnsafeRawBufferPointer?) -> UInt {
    state.withLock { state in
      state.sent += 1
      let tag = UInt(state.sent)
      if keepsPositions { state.onTheWay[tag] = Command(line: line, key: key.map { Array($0) } ?? []) }
      return tag
    }
  }

  /// The command was not sent after all.
  func withdraw(_ tag: UInt) {
    state.withLock { state in
      state.sent -= 1
      state.onTheWay[tag] = nil
    }
  }

  /// Called by the producer for each record.
  func record(_ report: DeliveryReport) {
    state.withLock { state in
      let command = state.onTheWay.removeValue(forKey: report.tag)
      if let error = report.error {
        state.firstFailure = state.firstFailure ?? error
        return
      }
      state.acknowledged += 1
      guard let command else { return }
      state.last[report.partition] = max(state.last[report.partition] ?? -1, report.offset)
      state.waiting[CommandPosition(partition: report.partition, offset: report.offset)] = command
    }
  }

  /// Whose command stands at the position; one of ours waits no longer.
  func claim(_ position: CommandPosition) -> Owner {
    state.withLock { state in
      if let command = state.waiting.removeValue(forKey: position) { return .ours(command) }
      // What was sent later stands behind what was acknowledged before.
      let isDecided = state.onTheWay.isEmpty || position.offset <= state.last[position.partition] ?? -1
      return isDecided ? .others : .notKnownYet
    }
  }
}
