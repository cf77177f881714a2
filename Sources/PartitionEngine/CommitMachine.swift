/// One transaction's protocol as a pure machine: it takes what happened and says what to do next.
///
///     start ─▶ beginning ─▶ producing ─▶ sendingOffsets ─▶ committing ─▶ committed
///                 │ abortable   │              │               │ abortable
///                 └─────────────┴──────┬───────┘               │
///                                      ▼                       ▼
///                                  aborting ───────────────▶ begin again with the same bytes
///     anything else (fenced, fatal, an outcome nobody knows)
///         ─▶ recreating (the producer; its initialisation ends the old transaction one way or the other)
///         ─▶ resolving (read the group's committed position)
///               at the transaction's start: begin again with the same bytes
///               at its end: committed, but perhaps by another owner that decided the same commands while
///                 this worker stood still, and whose records lie elsewhere in the changelog; discard, and
///                 let the restore read what is there
///               elsewhere: another owner went on; discard
///
/// Sending the same bytes again is right because the transaction's outcome is all or nothing, and because
/// deciding again would give the same bytes (guarantee 7).
public struct CommitMachine: Sendable {
  /// What to do next. Exactly one input must follow each, but for the two that end the transaction.
  public enum Action: Sendable, Hashable {
    case begin
    case produce
    case sendOffsets
    case commit
    case abort
    /// Destroy the producer, create it anew and initialise its transactions.
    case recreateProducer
    /// Read the group's committed positions of the transaction's partitions, stable ones only.
    case readPositions
    /// Wait as long as the backoff says for this attempt (from 1), then report `waited`.
    case wait(attempt: Int)
    /// The end: the transaction is committed.
    case committed
    /// The end: no outcome of the transaction will become visible. The processor goes back.
    case discard
  }

  /// How a step failed; what librdkafka says of the error decides.
  public enum Failure: Sendable, Hashable {
    /// The same call may be made again.
    case retriable
    /// The transaction must be aborted; the producer lives.
    case abortable
    /// The producer cannot be used any more: fenced, fatal, or in a state nobody foresaw.
    case producerLost
  }

  /// What the group's committed positions say about a transaction whose outcome is not known.
  public enum Resolution: Sendable, Hashable {
    case notCommitted
    /// They stand where the transaction ends, whoever committed that.
    case committed
    /// Neither its start nor its end: another owner has gone on from somewhere.
    case movedOn
  }

  private enum State: Sendable, Hashable {
    case idle
    case beginning, producing, sendingOffsets, committing
    case aborting
    case recreating
    case resolving
    case waiting(then: Step)
  }

  /// What a wait is followed by.
  private enum Step: Sendable, Hashable {
    case begin, sendOffsets, commit, abort, recreateProducer, readPositions
  }

  private var state = State.idle
  /// Failures in a row, for the backoff.
  private var attempt = 0
  private var isAbandoned = false
  /// Whether the transaction was discarded before it was known how it ended. A new producer should be made
  /// before its partitions are restored, since that ends it: their restores wait for that.
  public private(set) var isUndecided = false

  public init() {}

  public var isIdle: Bool { state == .idle }

  /// A sealed transaction is there.
  public mutating func start() -> Action {
    precondition(state == .idle, "a transaction started while in \(state)")
    attempt = 0
    isAbandoned = false
    isUndecided = false
    state = .beginning
    return .begin
  }

  /// The partitions are being taken away or the worker stops: end the transaction without sending it again.
  ///
  /// A commit that is already asked for is waited for once. When that fails too, the outcome is left open:
  /// whoever restores the partitions waits until it is known. So an abandoned transaction ends even when no
  /// broker answers.
  public mutating func abandon() {
    isAbandoned = true
  }

  /// The last action was carried out.
  public mutating func succeeded() -> Action {
    switch state {
    case .beginning: return isAbandoned ? abort() : enter(.producing, .produce)
    case .producing: return isAbandoned ? abort() : enter(.sendingOffsets, .sendOffsets)
    case .sendingOffsets: return isAbandoned ? abort() : enter(.committing, .commit)
    case .committing: return enter(.idle, .committed)
    case .aborting: return again()
    // A new producer has ended the transaction already.
    case .recreating: return isAbandoned ? enter(.idle, .discard) : enter(.resolving, .readPositions)
    case .idle, .resolving, .waiting: illegal("succeeded")
    }
  }

  /// The last action failed.
  public mutating func failed(_ failure: Failure) -> Action {
    if isAbandoned { return failedAbandoned(failure) }
    switch (state, failure) {
    case (.sendingOffsets, .retriable): return wait(.sendOffsets)
    case (.committing, .retriable): return wait(.commit)
    case (.aborting, .retriable): return wait(.abort)
    case (.beginning, .retriable), (.producing, .retriable): return abort()
    case (.beginning, .abortable), (.producing, .abortable), (.sendingOffsets, .abortable),
      (.committing, .abortable):
      return abort()
    case (.recreating, _): return wait(.recreateProducer)
    case (.resolving, _): return wait(.readPositions)
    case (.beginning, .producerLost), (.producing, .producerLost), (.sendingOffsets, .producerLost),
      (.committing, .producerLost), (.aborting, .abortable), (.aborting, .producerLost):
      return wait(.recreateProducer)
    case (.idle, _), (.waiting, _): illegal("failed(\(failure))")
    }
  }

  /// The wait is over.
  public mutating func waited() -> Action {
    guard case .waiting(let next) = state else { illegal("waited") }
    switch next {
    case .begin: return isAbandoned ? enter(.idle, .discard) : enter(.beginning, .begin)
    case .sendOffsets: return isAbandoned ? abort() : enter(.sendingOffsets, .sendOffsets)
    case .commit: return enter(.committing, .commit)
    case .abort: return abort()
    case .recreateProducer:
      return isAbandoned ? discardUndecided() : enter(.recreating, .recreateProducer)
    case .readPositions: return isAbandoned ? enter(.idle, .discard) : enter(.resolving, .readPositions)
    }
  }

  /// The committed positions were read.
  public mutating func resolved(_ resolution: Resolution) -> Action {
    guard case .resolving = state else { illegal("resolved(\(resolution))") }
    switch resolution {
    case .committed, .movedOn: return enter(.idle, .discard)
    case .notCommitted: return again()
    }
  }

  // MARK: Transitions

  /// A failure after the transaction was given up: abort it if it was not asked to commit, else let it be.
  private mutating func failedAbandoned(_ failure: Failure) -> Action {
    switch (state, failure) {
    case (.beginning, _), (.producing, _), (.sendingOffsets, _), (.committing, .abortable): return abort()
    case (.committing, _), (.aborting, _), (.recreating, _): return discardUndecided()
    case (.resolving, _): return enter(.idle, .discard)
    case (.idle, _), (.waiting, _): illegal("failed(\(failure))")
    }
  }

  private mutating func enter(_ next: State, _ action: Action) -> Action {
    state = next
    return action
  }

  private mutating func abort() -> Action { enter(.aborting, .abort) }

  private mutating func discardUndecided() -> Action {
    isUndecided = true
    return enter(.idle, .discard)
  }

  private mutating func again() -> Action {
    isAbandoned ? enter(.idle, .discard) : wait(.begin)
  }

  private mutating func wait(_ next: Step) -> Action {
    attempt += 1
    return enter(.waiting(then: next), .wait(attempt: attempt))
  }

  private func illegal(_ input: String) -> Never {
    preconditionFailure("the commit machine was told '\(input)' while in \(state)")
  }
}
