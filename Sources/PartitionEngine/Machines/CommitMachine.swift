/// One transaction's protocol as a pure machine: it takes what happened and says what to do next.
///
///                               ◀──rest──
///     start ─▶ beginning ─▶ producing ─▶ flushing ─▶ sendingOffsets ─▶ committing ─▶ committed
///                 │ abortable   │            │              │              │ abortable
///                 └─────────────┴──────┬─────┴──────────────┘              │
///                                      ▼                                   ▼
///                                  aborting ───────────────────────────▶ begin again with the same bytes
///     anything else (fenced, fatal, an outcome nobody knows)
///         ─▶ recreating (the producer; its initialisation ends the old transaction one way or the other)
///         ─▶ discard, and let the restore read in the changelog what became of it
///
/// Why the group's position is not asked what became of a transaction: it tells too little (another owner may have decided
/// the same commands while this worker stood still, and its records lie elsewhere in the changelog), and before Kafka 4.0
/// it may be wrong: the coordinator may forget a committed transaction's offsets, or show an aborted one's (KAFKA-17507).
///
/// The records are in their topics before the offsets are sent, because the coordinator checks the generation only with
/// the offsets (KIP-447). So a transaction whose offsets an older generation still got in has its changelog records below
/// the high watermark that a restore asks in a newer one, and the restore waits for its outcome. That the group's
/// position waits too (`require_stable`) is not enough, for the same reason.
///
/// Sending the same bytes again is right because the transaction's outcome is all or nothing, and because
/// deciding again would give the same bytes (guarantee 7).
public struct CommitMachine: Sendable {
  /// What to do next. Exactly one outcome must follow each, but for the two that end the transaction.
  public enum Action: Sendable, Hashable {
    case begin
    /// Hand the next part of the records to the producer (``OutputParts``); after ``begin`` the first one.
    case produce
    /// Wait until all records that the producer has are in their topics.
    case flush
    case sendOffsets
    case commit
    case abort
    /// Destroy the producer, create it anew and initialise its transactions.
    case recreateProducer
    /// Wait for so long, or until the transaction is given up.
    case wait(Duration)
    /// The end: the transaction is committed.
    case committed
    /// The end: the processors go back. Nothing of the transaction will become visible, unless it is undecided:
    /// whoever restores the partitions waits until it is known how it ended. Then a new producer is to be made once
    /// the transaction is handed back, since that ends it; without a broker that is left to the next transaction,
    /// or to the broker's time-out.
    case discard(isUndecided: Bool)
  }

  /// What became of an action.
  public enum Outcome: Sendable, Hashable {
    /// It was carried out, or the wait is over.
    case succeeded
    /// A part of the records is with the producer, and more are to come.
    case producedPart
    case failed(Failure)
  }

  /// How a step failed; what librdkafka says of the error decides.
  public enum Failure: Sendable, Hashable {
    /// The same call may be made again.
    case retriable
    /// The transaction must be aborted; the producer lives.
    case abortable
    /// A record is refused for what it is: the same bytes would be refused again. The transaction is given up, and its
    /// commands are processed again with what was learnt.
    case refused
    /// The producer cannot be used any more: fenced, fatal, or in a state nobody foresaw.
    case producerLost
  }

  private enum State: Sendable, Hashable {
    case idle
    case beginning, producing
    case flushing(hasRest: Bool)
    case sendingOffsets, committing
    case aborting
    case recreating
    case waiting(then: Step)
  }

  /// What a wait is followed by.
  private enum Step: Sendable, Hashable {
    case begin
    case flush(hasRest: Bool)
    case sendOffsets, commit, abort, recreateProducer
  }

  private var state = State.idle
  /// Waits in a row, for the backoff: since the transaction got further than ever before.
  private var attempt = 0
  /// The furthest step that has failed since.
  private var failedStage = 0
  /// Parts of the records that are with the producer.
  private var parts = 0
  /// It is not sent again: it was abandoned, or the broker refuses one of its records.
  private var isGivenUp = false

  public init() {}

  public var isIdle: Bool { state == .idle }

  /// A sealed transaction is there.
  public mutating func start() -> Action {
    precondition(state == .idle, "a transaction started while in \(state)")
    attempt = 0
    failedStage = 0
    isGivenUp = false
    return enter(.beginning, .begin)
  }

  /// The last action has ended.
  ///
  /// - Parameter isAbandoned: whether the transaction was given up, now or before: its partitions are being taken away,
  ///   or must be restored. It is not sent again. A commit that is already asked for is waited for once; when that
  ///   fails too, the outcome is left open. So an abandoned transaction ends even when no broker answers.
  public mutating func next(after outcome: Outcome, isAbandoned: Bool) -> Action {
    isGivenUp = isGivenUp || isAbandoned || outcome == .failed(.refused)
    switch (state, outcome) {
    case (.waiting(let next), .succeeded): return waited(next)
    case (_, .succeeded), (.producing, .producedPart):
      if let stage, stage >= failedStage { (attempt, failedStage) = (0, 0) }
      return succeeded(hasRest: outcome == .producedPart)
    case (_, .producedPart): illegal("a part was produced")
    case (_, .failed(let failure)):
      failedStage = max(failedStage, stage ?? 0)
      return failed(failure)
    }
  }

  /// How far the transaction is; nil while it is being ended. What comes before a step that failed and succeeds again is
  /// no reason to be quicker: that would be a loop with short waits.
  private var stage: Int? {
    switch state {
    case .beginning: 0
    case .producing: 2 * parts + 1
    case .flushing: 2 * parts
    case .sendingOffsets: .max - 1
    case .committing: .max
    case .idle, .aborting, .recreating, .waiting: nil
    }
  }

  // MARK: Outcomes

  private mutating func succeeded(hasRest: Bool) -> Action {
    switch state {
    case .beginning:
      parts = 0
      return isGivenUp ? abort() : enter(.producing, .produce)
    case .producing:
      parts += 1
      return isGivenUp ? abort() : enter(.flushing(hasRest: hasRest), .flush)
    case .flushing(hasRest: true): return isGivenUp ? abort() : enter(.producing, .produce)
    case .flushing(hasRest: false): return isGivenUp ? abort() : enter(.sendingOffsets, .sendOffsets)
    case .sendingOffsets: return isGivenUp ? abort() : enter(.committing, .commit)
    case .committing: return enter(.idle, .committed)
    case .aborting: return again()
    // The new producer has ended the transaction.
    case .recreating: return discard()
    case .idle, .waiting: illegal("succeeded")
    }
  }

  private mutating func failed(_ failure: Failure) -> Action {
    if isGivenUp { return failedGivenUp(failure) }
    switch (state, failure) {
    case (.flushing(let hasRest), .retriable): return wait(.flush(hasRest: hasRest))
    case (.sendingOffsets, .retriable): return wait(.sendOffsets)
    case (.committing, .retriable): return wait(.commit)
    case (.aborting, .retriable): return wait(.abort)
    case (.beginning, .retriable), (.producing, .retriable): return abort()
    case (.beginning, .abortable), (.producing, .abortable), (.flushing, .abortable),
      (.sendingOffsets, .abortable), (.committing, .abortable):
      return abort()
    case (.recreating, _): return wait(.recreateProducer)
    case (.beginning, .producerLost), (.producing, .producerLost), (.flushing, .producerLost),
      (.sendingOffsets, .producerLost), (.committing, .producerLost), (.aborting, .abortable),
      (.aborting, .producerLost):
      return wait(.recreateProducer)
    case (.idle, _), (.waiting, _), (_, .refused): illegal("failed(\(failure))")
    }
  }

  private mutating func waited(_ next: Step) -> Action {
    switch next {
    case .begin: return isGivenUp ? discard() : enter(.beginning, .begin)
    case .flush(let hasRest):
      return isGivenUp ? abort() : enter(.flushing(hasRest: hasRest), .flush)
    case .sendOffsets: return isGivenUp ? abort() : enter(.sendingOffsets, .sendOffsets)
    case .commit: return enter(.committing, .commit)
    case .abort: return abort()
    case .recreateProducer:
      return isGivenUp ? discard(isUndecided: true) : enter(.recreating, .recreateProducer)
    }
  }

  // MARK: Transitions

  /// A failure after the transaction was given up: abort it if it was not asked to commit, else let it be.
  private mutating func failedGivenUp(_ failure: Failure) -> Action {
    switch (state, failure) {
    case (.beginning, _), (.producing, _), (.flushing, _), (.sendingOffsets, _), (.committing, .abortable),
      (.committing, .refused):
      return abort()
    case (.committing, _), (.aborting, _), (.recreating, _): return discard(isUndecided: true)
    case (.idle, _), (.waiting, _): illegal("failed(\(failure))")
    }
  }

  private mutating func enter(_ next: State, _ action: Action) -> Action {
    state = next
    return action
  }

  private mutating func abort() -> Action { enter(.aborting, .abort) }

  private mutating func discard(isUndecided: Bool = false) -> Action {
    enter(.idle, .discard(isUndecided: isUndecided))
  }

  private mutating func again() -> Action { isGivenUp ? discard() : wait(.begin) }

  private mutating func wait(_ next: Step) -> Action {
    attempt += 1
    return enter(.waiting(then: next), .wait(Self.backoff.pause(after: attempt)))
  }

  private static let backoff = Backoff(first: .milliseconds(10), longest: .seconds(1))

  private func illegal(_ input: String) -> Never {
    preconditionFailure("the commit machine was told '\(input)' while in \(state)")
  }
}
