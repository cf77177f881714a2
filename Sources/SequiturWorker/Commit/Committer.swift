import BlockingThreads
import Foundation
import KafkaClient
import Logging
import PartitionEngine
import Synchronization

/// A lane's second thread: it sends and commits one transaction while the lane prepares the next.
///
/// All decisions are the commit machine's; this carries them out, waits where it says so, and hands the
/// transaction back with its ending.
final class Committer: Sendable {
  private struct State: ~Copyable {
    var submitted: PreparedTransaction?
    var finished: Finished?
    var isStopping = false
  }

  /// A transaction that ended, and how.
  struct Finished: ~Copyable, Sendable {
    var transaction: PreparedTransaction
    let result: TransactionResult
  }

  private let name: String
  private let sender: TransactionSender
  private let events: WorkerEventHub
  private let activity: CommitActivity
  private let logger: Logger
  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let abandoned = Mutex(false)
  private let nudged = DispatchSemaphore(value: 0)
  private let ended: @Sendable () -> Void
  private let thread = Mutex<BlockingThread?>(nil)

  /// - Parameters:
  ///   - activity: told what is done.
  ///   - ended: called on the committer's thread when a transaction has ended; then ``takeFinished()`` gives it back.
  init(
    name: String, sender: TransactionSender, events: WorkerEventHub, activity: CommitActivity, logger: Logger,
    ended: @escaping @Sendable () -> Void
  ) {
    self.activity = activity
    self.name = name
    self.sender = sender
    self.events = events
    self.logger = logger
    self.ended = ended
    thread.withLock { $0 = BlockingThread(name: name) { [self] in run() } }
  }

  /// Hands a sealed transaction over.
  ///
  /// - Precondition: the one before has been taken back.
  func submit(_ transaction: consuming PreparedTransaction) {
    abandoned.withLock { $0 = false }
    var slot = Optional(transaction)
    state.withLock { state in
      precondition(state.submitted == nil && state.finished == nil, "two transactions at once")
      state.submitted = slot.take()
    }
    arrived.signal()
  }

  /// The transaction that ended, once.
  func takeFinished() -> Finished? { state.withLock { $0.finished.take() } }

  /// Gives the transaction under way up: it is not sent again. A commit already asked for is waited for.
  func abandon() {
    abandoned.withLock { $0 = true }
    nudged.signal()
  }

  /// Ends the thread after the transaction under way.
  func stop() async {
    state.withLock { $0.isStopping = true }
    arrived.signal()
    await thread.withLock { $0 }?.join()
  }

  // MARK: On the committer's thread

  private func run() {
    while true {
      arrived.wait()
      var turn = state.withLock { state in
        Turn(transaction: state.submitted.take(), isStopping: state.isStopping)
      }
      if let transaction = turn.transaction.take() {
        let result = perform(transaction)
        var slot = Optional(Finished(transaction: transaction, result: result))
        state.withLock { $0.finished = slot.take() }
        ended()
        if result.ending == .discarded(isUndecided: true) { endUndecided() }
      } else if turn.isStopping {
        return
      }
    }
  }

  private var isAbandoned: Bool { abandoned.withLock { $0 } }

  private func perform(_ transaction: borrowing PreparedTransaction) -> TransactionResult {
    let start = ContinuousClock.now
    activity.begin()
    defer { activity.end() }
    var machine = CommitMachine()
    var action = machine.start()
    var refusal: KafkaError?
    var pause = Duration.zero
    while true {
      switch action {
      case .committed:
        sender.limits.accepted(transaction.parts, isAccepted: transaction.accepted > 0, by: name)
        return TransactionResult(
          ending: .committed, checkpointOffsets: sender.checkpointOffsets,
          duration: ContinuousClock.now - start)
      case .discard(let isUndecided):
        if let refusal, !isAbandoned { endRefused(refusal, transaction) }
        return TransactionResult(
          ending: .discarded(isUndecided: isUndecided), checkpointOffsets: [:],
          duration: ContinuousClock.now - start)
      case .begin, .produce, .flush, .sendOffsets, .commit, .abort, .recreateProducer, .wait:
        let outcome = carryOut(action, transaction, &refusal, &pause)
        action = machine.next(after: outcome, isAbandoned: isAbandoned)
      }
    }
  }

  private func carryOut(
    _ action: CommitMachine.Action, _ transaction: borrowing PreparedTransaction,
    _ refusal: inout KafkaError?, _ pause: inout Duration
  ) -> CommitMachine.Outcome {
    activity.enter(action)
    do throws(KafkaError) {
      switch action {
      case .begin: try sender.begin()
      case .produce: if try sender.producePart(of: transaction.output) { return .producedPart }
      case .flush: try sender.flush()
      case .sendOffsets: try sender.sendOffsets(transaction.parts) { isAbandoned }
      case .commit: try sender.commit()
      case .abort: try sender.abort()
      case .recreateProducer: try sender.recreateProducer()
      case .wait(let duration):
        _ = nudged.wait(timeout: .now() + max(duration, pause).seconds)
        pause = .zero
      case .committed, .discard: break
      }
      return .succeeded
    } catch {
      events.send(.transactionStepFailed(error))
      let kind = OutputErrorClass(error)
      activity.failed(error, kind)
      switch kind {
      case .record: refusal = error
      // The same bytes are sent again, ever more slowly: it concerns them all.
      case .output: pause = sender.limits.refused(error, transaction.parts, by: name)
      case .passing, .membership, .fenced, .producer: report(error, action)
      }
      return .failed(kind == .record ? .refused : CommitMachine.Failure(error))
    }
  }

  /// Waits before the commands of a refused transaction are processed again; a release ends the wait.
  private func endRefused(_ error: KafkaError, _ transaction: borrowing PreparedTransaction) {
    let pause = sender.limits.recordRefused(
      error, transaction.parts, commands: transaction.commands, by: name)
    if pause > .zero {
      _ = nudged.wait(timeout: .now() + pause.seconds)
      sender.limits.lookUp()
    }
    sender.dropProducer()
  }

  /// Ends what was given up undecided.
  private func endUndecided() {
    guard !state.withLock({ $0.isStopping }) else { return }
    do throws(KafkaError) {
      try sender.recreateProducer()
    } catch {
      events.send(.transactionStepFailed(error))
      report(error, .recreateProducer)
    }
  }

  private func report(_ error: KafkaError, _ action: CommitMachine.Action) {
    let level: Logger.Level = error.isRetriable ? .info : .warning
    logger.log(
      level: level, "a transaction step failed", metadata: ["step": "\(action)", "error": "\(error)"])
  }
}

/// What the committer's thread found when it was woken.
private struct Turn: ~Copyable {
  var transaction: PreparedTransaction?
  let isStopping: Bool
}

extension CommitMachine.Failure {
  /// What librdkafka says of an error, as the machine needs it.
  init(_ error: KafkaError) {
    switch error.severity {
    case .retriable: self = .retriable
    case .abortable: self = .abortable
    case .fenced, .fatal, .failed: self = .producerLost
    }
  }
}
