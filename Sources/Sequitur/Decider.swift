/// What an application decides: which commands follow from an object's state, and what they change.
///
/// The pattern is Jérémie Chassaing's *Decider*: `decide(command, state) -> events | rejection` and
/// `evolve(state, event) -> state`. Sequitur calls it for every command of a partition, one after the other.
///
/// An implementer must
/// - be deterministic: the same command, state and context give the same answer, on every machine, for ever.
///   No clock, no randomness, no environment, no iteration over a `Set` or `Dictionary` whose order matters;
/// - keep all it knows of an object in `State`: a worker decodes the state from bytes for each command;
/// - let `decodeState` read what `encodeState` wrote, also by an older version of itself.
///
/// An implementer must not do I/O, block, or keep a span beyond the call that received it.
///
/// **An implementer must not trap.** Swift cannot catch a trap: an addition that overflows, an index out of range, a forced
/// `nil`, a division by zero, `Int32(number)` of a number that does not fit. It ends the worker with all of its partitions,
/// and again when the command is read again; only after three times the command is rejected as `decider-error`. Whoever
/// may send commands can send `Int.max`. So arithmetic on what comes from a command is checked, and answers:
///
/// ```swift
/// case .deposit(let amount):
///   let (_, overflows) = account.balance.addingReportingOverflow(amount)
///   return overflows
///     ? .reject(.invalidField, "Expected a balance of 64 bits, but \(account.balance) and \(amount) make more.")
///     : .accept(.deposited(amount: amount))
/// ```
///
/// or it cannot overflow: `UInt32` amounts on a `UInt64` balance, `Int32(exactly:)`, `multipliedReportingOverflow(by:)`,
/// `dividedReportingOverflow(by:)`, and `&+` where wrapping around is what is meant. `TestDriver` (SequiturTesting) tries
/// extreme numbers in a test's commands.
///
/// Thread rule: a worker makes one decider for each partition it serves, and calls it from one thread at a
/// time. A decider may therefore keep scratch memory without a lock.
public protocol Decider<Command, Event, State>: SendableMetatype {
  associatedtype Command
  associatedtype Event
  associatedtype State

  /// The version of the state's encoding, 1…65,535. Raise it when the bytes change their meaning, and say in
  /// ``migrateState(_:from:into:)`` how older ones are read. Default 1.
  var schemaVersion: Int { get }

  /// Tells this decider from others, in the store's header and in each checkpoint. Default: the type's name and
  /// ``schemaVersion``.
  var fingerprint: DeciderFingerprint { get }

  /// What the states look like that it writes, in lines of its own notation: it goes into each checkpoint, so that
  /// ``change(from:)`` learns of it under a later decider. At most some hundred bytes. Default `nil`.
  var stateForm: String? { get }

  /// All that it decides by, as text, when that is data. A worker keeps it in its local store, to tell at its next start what
  /// has changed. Default `nil`.
  var definition: String? { get }

  /// Whether it can read the states that a former decider left. Asked at the start and when a partition is restored: a
  /// worker does not serve what it could not read. Default: it can, by ``schemaVersion`` and
  /// ``migrateState(_:from:into:)``.
  func change(from former: FormerDecider) -> DeciderChange

  /// The content type of the events this decider encodes; `nil` passes on the command's own. Default `nil`.
  ///
  /// It is the payload's, and never `application/cloudevents…`: an event has its attributes as headers.
  var eventContentType: String? { get }

  /// Reads a command's type and payload. Bad input is an answer, not an error.
  func decode(_ record: borrowing CommandRecord) -> Decoded<Command>

  /// Says what follows from a command, given the object's state (`nil`: the object does not exist).
  ///
  /// Whatever it throws becomes the rejection `decider-error`.
  func decide(
    _ command: Command, on state: State?, in context: borrowing DecisionContext
  ) throws -> Decision<Event>

  /// The state after an event; `nil` forgets the object, and its next version is 1 again.
  func evolve(_ state: State?, by event: Event) -> State?

  /// Appends the event's payload to `payload` and returns the event's type (the header `ce_type`).
  func encode(_ event: Event, into payload: inout ByteWriter) throws -> String

  /// Reads a state that `encodeState` wrote.
  func decodeState(_ bytes: RawSpan) throws -> State

  /// Appends the state's bytes to `bytes`.
  func encodeState(_ state: State, into bytes: inout ByteWriter) throws

  /// Turns a state that was encoded under an older ``schemaVersion`` into one of this version.
  ///
  /// Called when an object is read that no command has changed since, so that a new schema needs no rewriting
  /// of the store. What it throws makes the command a `decider-error`. Default: throws ``NoStateMigration``.
  ///
  /// - Parameters:
  ///   - bytes: the state as it was encoded then.
  ///   - version: below ``schemaVersion``, from 1.
  ///   - migrated: takes the bytes that ``decodeState(_:)`` reads.
  func migrateState(_ bytes: RawSpan, from version: Int, into migrated: inout ByteWriter) throws
}

extension Decider {
  /// 1.
  @inlinable public var schemaVersion: Int { 1 }
  /// The command's own.
  @inlinable public var eventContentType: String? { nil }
  /// The type's name, without its module, and ``schemaVersion``.
  public var fingerprint: DeciderFingerprint {
    DeciderFingerprint(name: String(describing: Self.self), version: schemaVersion)
  }
  /// Nothing is said of it.
  @inlinable public var stateForm: String? { nil }
  /// Nothing: a type decides by its code.
  @inlinable public var definition: String? { nil }
  /// All is readable, by ``schemaVersion`` and ``migrateState(_:from:into:)``.
  @inlinable public func change(from former: FormerDecider) -> DeciderChange { .readable(nil) }

  /// Throws ``NoStateMigration``.
  @inlinable
  public func migrateState(_ bytes: RawSpan, from version: Int, into migrated: inout ByteWriter) throws {
    throw NoStateMigration(from: version, to: schemaVersion)
  }
}

/// The decider does not say how a state of that schema version is read.
public struct NoStateMigration: Error, Sendable, Hashable, CustomStringConvertible {
  /// The version that the state was encoded under.
  public let from: Int
  /// The decider's own.
  public let to: Int

  /// A state of one version, and a decider of another.
  public init(from: Int, to: Int) {
    self.from = from
    self.to = to
  }

  public var description: String {
    "Expected to read a state of schema version \(from) at version \(to), but the decider has no migration. "
      + "Implement migrateState(_:from:into:)."
  }
}
