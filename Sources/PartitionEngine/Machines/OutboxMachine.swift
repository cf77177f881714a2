/// How one shard of an outbox goes from rows of a table to commands on a topic, exactly once, as a pure machine: it takes
/// what happened and says what to do next.
///
///                    ┌───────────────────────────── passing: wait, the same again ─────────────────────────────┐
///     takeOver ─▶ readLast ─▶ deleteLast ─▶ confirm ─▶ select ─▶ send ─▶ remove ─▶ select …
///        ▲                                     │          │ none   │ undecided
///        │                                     ▼          ▼        │
///        │                                   stop        rest      │ fenced ─▶ confirm ─▶ takeOver
///        └─────────────────────────────────────────────────────────┘
///
/// `send` is one Kafka transaction of the commands and of a record with the ids of their rows; `remove` deletes those
/// rows. Between the two a crash leaves rows that were sent: **one batch at most is in doubt**, and the last record
/// names it, so whoever comes next deletes its rows first. Which rows are due is never told by their numbers, since
/// sequences are not in commit order: a row is due as long as it is there.
///
/// Why the order of the four first steps: taking over ends the predecessor's transaction one way or the other, and only
/// then its record can be read; only what is deleted cannot be selected again; and whether this relay still owns its name
/// is asked behind all that, so that of two relays that start at once only one selects.
public struct OutboxMachine: Sendable {
  /// What to do next. Exactly one outcome must follow each, but for the two that end.
  public enum Action: Sendable, Hashable {
    /// Make the shard's producer anew and initialise its transactions: fences the predecessor, settles its transaction.
    case takeOver
    /// Read the shard's last record, up to the high watermark.
    case readLast
    /// Delete the rows that the record names.
    case deleteLast
    /// Make sure that no other relay has taken the name over.
    case confirm
    /// Take the oldest rows of the shard, and judge each.
    case select
    /// Send those that can be sent, with the record of their ids, in one transaction.
    case send
    /// Delete what was sent and park what cannot be, in one transaction of the database.
    case remove
    /// Wait for so long; while there was nothing, a bell may end the wait.
    case wait(Duration, isIdle: Bool)
    /// The end: there is nothing left, and the relay was to end then.
    case finished
    /// The end: another relay has the name.
    case stop
  }

  /// What became of an action.
  public enum Outcome: Sendable, Hashable {
    /// It was carried out, or the wait is over.
    case done
    /// So many rows can be sent, so many must be parked.
    case selected(sendable: Int, poison: Int)
    /// The topic refused rows for what they are. Nothing of the transaction is visible; so many can still be sent.
    case refused(sendable: Int)
    /// It failed.
    case failed(Failure)
  }

  /// How a step failed.
  public enum Failure: Sendable, Hashable {
    /// Nothing happened that anyone can see; the same step may succeed later.
    case passing
    /// Whether the transaction is committed is not known, or its producer is of no more use.
    case undecided
    /// The producer was fenced: by another relay, or by the broker because it was slow.
    case fenced
    /// Another relay has the name.
    case ownerLost
  }

  private enum State: Sendable, Hashable {
    case idle
    case takingOver, readingLast, deletingLast
    case confirming(isRecovered: Bool)
    case selecting, sending, removing
    case waiting(Step)
    case ended
  }

  /// What a wait is followed by.
  private enum Step: Sendable, Hashable {
    case takeOver, readLast, deleteLast
    case confirm(isRecovered: Bool)
    case select, send, remove
  }

  /// How often rows are looked for while there are none: after an eighth of the time that there have been none for, within
  /// bounds. So a row that comes after a short pause of its writers waits for a small part of that pause.
  public struct Pace: Sendable, Hashable {
    /// After the last row, and so the delay that a row meets when others come often.
    public var shortest: Duration
    /// After a while without rows: with the defaults after 1.6 seconds.
    public var longest: Duration

    /// 5 to 200 ms unless told otherwise.
    public init(shortest: Duration = .milliseconds(5), longest: Duration = .milliseconds(200)) {
      self.shortest = shortest
      self.longest = longest
    }
  }

  private let stopsWhenEmpty: Bool
  private let pace: Pace
  private var state = State.idle
  /// The waits since there was a row.
  private var idle = Duration.zero
  /// Failures in a row.
  private var failures = 0

  /// - Parameter stopsWhenEmpty: whether to end when there is no row.
  public init(stopsWhenEmpty: Bool = false, pace: Pace = Pace()) {
    self.stopsWhenEmpty = stopsWhenEmpty
    self.pace = pace
  }

  /// Begins.
  ///
  /// - Parameter isRecovered: the four first steps were made already, with those of the other shards.
  public mutating func start(isRecovered: Bool) -> Action {
    precondition(state == .idle, "an outbox started while in \(state)")
    return isRecovered ? enter(.selecting, .select) : enter(.takingOver, .takeOver)
  }

  /// The last action has ended.
  public mutating func next(after outcome: Outcome) -> Action {
    if case .failed(let failure) = outcome { return failed(failure) }
    if case .waiting(let step) = state, outcome == .done { return waited(step) }
    switch (state, outcome) {
    case (.takingOver, .done): return enter(.readingLast, .readLast)
    case (.readingLast, .done): return enter(.deletingLast, .deleteLast)
    case (.deletingLast, .done): return enter(.confirming(isRecovered: true), .confirm)
    case (.confirming(isRecovered: true), .done): return enter(.selecting, .select)
    case (.confirming(isRecovered: false), .done): return enter(.takingOver, .takeOver)
    case (.selecting, .selected(let sendable, let poison)): return selected(sendable, poison)
    case (.sending, .done): return enter(.removing, .remove)
    case (.sending, .refused(let sendable)):
      return sendable > 0 ? enter(.sending, .send) : enter(.removing, .remove)
    case (.removing, .done):
      failures = 0
      return enter(.selecting, .select)
    case (.idle, _), (.takingOver, _), (.readingLast, _), (.deletingLast, _), (.confirming, _),
      (.selecting, _),
      (.sending, _), (.removing, _), (.waiting, _), (.ended, _):
      preconditionFailure("the outbox machine was told '\(outcome)' while in \(state)")
    }
  }

  // MARK: Outcomes

  private mutating func selected(_ sendable: Int, _ poison: Int) -> Action {
    guard sendable + poison == 0 else {
      // What failed before may be about to fail again: only a batch that is through, or none, begins anew.
      idle = .zero
      return sendable > 0 ? enter(.sending, .send) : enter(.removing, .remove)
    }
    failures = 0
    if stopsWhenEmpty { return enter(.ended, .finished) }
    let wait = min(max(idle / 8, pace.shortest), pace.longest)
    idle += wait
    return enter(.waiting(.select), .wait(wait, isIdle: true))
  }

  private mutating func failed(_ failure: Failure) -> Action {
    switch (state, failure) {
    case (.takingOver, .passing), (.takingOver, .undecided): return wait(.takeOver)
    case (.readingLast, .passing), (.readingLast, .undecided): return wait(.readLast)
    case (.deletingLast, .passing): return wait(.deleteLast)
    case (.confirming(let isRecovered), .passing): return wait(.confirm(isRecovered: isRecovered))
    case (.confirming, .ownerLost): return enter(.ended, .stop)
    case (.selecting, .passing): return wait(.select)
    case (.sending, .passing): return wait(.send)
    // The rows are still there: whether they were sent says the last record, once the transaction is settled.
    case (.sending, .undecided): return wait(.takeOver)
    // Taking over would fence another relay that is right: so first it is asked whose the name is.
    case (.sending, .fenced), (.takingOver, .fenced): return enter(.confirming(isRecovered: false), .confirm)
    case (.removing, .passing): return wait(.remove)
    case (.idle, _), (.takingOver, _), (.readingLast, _), (.deletingLast, _), (.confirming, _),
      (.selecting, _),
      (.sending, _), (.removing, _), (.waiting, _), (.ended, _):
      preconditionFailure("the outbox machine was told 'failed(\(failure))' while in \(state)")
    }
  }

  private mutating func waited(_ step: Step) -> Action {
    switch step {
    case .takeOver: enter(.takingOver, .takeOver)
    case .readLast: enter(.readingLast, .readLast)
    case .deleteLast: enter(.deletingLast, .deleteLast)
    case .confirm(let isRecovered): enter(.confirming(isRecovered: isRecovered), .confirm)
    case .select: enter(.selecting, .select)
    case .send: enter(.sending, .send)
    case .remove: enter(.removing, .remove)
    }
  }

  // MARK: Transitions

  private mutating func enter(_ next: State, _ action: Action) -> Action {
    state = next
    return action
  }

  private mutating func wait(_ step: Step) -> Action {
    failures += 1
    return enter(.waiting(step), .wait(Self.backoff.pause(after: failures), isIdle: false))
  }

  private static let backoff = Backoff(first: .milliseconds(20), longest: .seconds(5))
}
