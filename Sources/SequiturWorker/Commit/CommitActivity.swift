import KafkaClient
import PartitionEngine
import Synchronization

/// What a lane's committer does at the moment, for who watches it. Written a few times a transaction. Any thread.
final class CommitActivity: Sendable {
  /// A look at it.
  struct Look: Sendable {
    /// When the transaction under way was handed over; nil without one.
    var begun: ContinuousClock.Instant?
    /// What is done with it.
    var step: CommitMachine.Action = .begin
    /// What failed last in it.
    var failure: KafkaError?
  }

  private let state = Mutex(Look())
  private let meters: WorkerMeters?

  /// - Parameter meters: where failures are counted; nil: nowhere.
  init(meters: WorkerMeters? = nil) { self.meters = meters }

  var look: Look { state.withLock { $0 } }

  func begin() { state.withLock { $0 = Look(begun: .now) } }

  func enter(_ step: CommitMachine.Action) { state.withLock { $0.step = step } }

  func failed(_ error: KafkaError, _ kind: OutputErrorClass) {
    state.withLock { $0.failure = error }
    meters?.add(.transactionStepFailures, 1, "\(kind)")
    if kind == .fenced { meters?.add(.fences) }
  }

  func end() { state.withLock { $0.begun = nil } }
}
