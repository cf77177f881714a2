import Sequitur

/// One partition's single-threaded machine: commands in, outcomes out.
///
/// One command's way, one file a step:
///
///     process ─ look up ─ check ─ decide ─ evolve ─ encode        (PartitionProcessor+Process.swift, …)
///     seal    ─ the transaction's states become changelog records (PartitionProcessor+Commit.swift)
///     commit  ─ they become visible, and wait for the drain
///     drain   ─ the store takes them                              (PartitionProcessor+Drain.swift)
///
/// Two transactions may be under way: the sealed one, which is with the broker, and the open one, which is
/// being prepared. A look-up asks the open one, then the sealed one, then what is committed in memory, then
/// the store.
///
/// No I/O but through the store port, no clock, no threads. Not thread-safe.
public struct PartitionProcessor<D: Decider>: ~Copyable {
  @usableFromInline let decider: D
  @usableFromInline let identity: PartitionIdentity
  @usableFromInline let envelope: Envelope
  @usableFromInline let limits: Limits
  @usableFromInline let store: any ObjectStore
  @usableFromInline let keyHash: KeyHash

  @usableFromInline var open = StagingOverlay()
  @usableFromInline var sealed = StagingOverlay()
  /// Where the object that was looked up last stands in the open transaction, or would stand.
  @usableFromInline var openPlace = StagingOverlay.Place(slot: 0, entry: StagingOverlay.Place.none)
  @usableFromInline var table: ObjectTable
  @usableFromInline var scratch = ByteWriter(capacity: 1024)
  @usableFromInline var commandIDs = ByteWriter(capacity: 256)
  /// How long graves are kept, in milliseconds.
  @usableFromInline let graveMilliseconds: Int64
  /// The latest time at which an object was forgotten; `nil`: none was by this processor.
  @usableFromInline var lastForgottenAt: Int64?

  /// The next command offset to process.
  @usableFromInline var nextPosition: Int64
  /// The next command offset after the sealed transaction.
  @usableFromInline var sealedPosition: Int64
  /// The next command offset after the last committed transaction.
  @usableFromInline var committedPosition: Int64
  /// Whether a transaction is sealed and not yet committed or discarded.
  @usableFromInline var isSealed = false
  /// Whether the position was moved by order, and no checkpoint says so yet.
  @usableFromInline var isMoved: Bool
  /// Behind the newest checkpoint whose changelog offset is known, and the position that it names: what a
  /// drain stands for.
  @usableFromInline var lastCheckpoint: DrainPosition

  /// - Parameters:
  ///   - position: the next command offset to process, as the restore found it.
  ///   - changelogPosition: the changelog offset up to which the store was restored.
  ///   - isMoved: whether `position` is where an operator moved it: it is sealed also without a command.
  ///   - objectBytesMax: committed objects that are kept in memory; ``setObjectBytesMax(_:)`` changes it.
  ///   - hashSeed: differs between processes; nothing that leaves the process depends on it.
  @inlinable
  public init(
    decider: D, identity: PartitionIdentity, envelope: Envelope, limits: Limits, store: any ObjectStore,
    position: Int64, changelogPosition: Int64, isMoved: Bool = false, objectBytesMax: Int = 32 << 20,
    hashSeed: UInt64
  ) {
    precondition(
      decider.eventContentType.map { type in
        Array(type.utf8).withUnsafeBytes { !CommandHeaders.isStructured($0) }
      } ?? true,
      "an event's content type is its payload's, not that of a CloudEvent in structured mode")
    self.decider = decider
    self.identity = identity
    self.envelope = envelope
    self.limits = limits
    self.store = store
    self.keyHash = KeyHash(seed: hashSeed)
    let (seconds, attoseconds) = limits.forgetAfter.components
    self.graveMilliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    self.table = ObjectTable(byteCountMax: objectBytesMax)
    self.nextPosition = position
    self.sealedPosition = position
    self.committedPosition = position
    self.isMoved = isMoved
    self.lastCheckpoint = DrainPosition(
      changelogOffset: changelogPosition, commandPosition: position, incarnation: identity.incarnation)
  }

  /// The next command offset to process: open commands included.
  @inlinable public var position: Int64 { nextPosition }
  /// The next command offset after the last committed transaction.
  @inlinable public var positionCommitted: Int64 { committedPosition }
  /// Whether commands were processed that no transaction was sealed with, or the position was moved.
  @inlinable public var hasOpenCommands: Bool { nextPosition > sealedPosition || isMoved }
  /// Bytes that the open transaction keeps in memory.
  @inlinable public var openByteCount: Int { open.byteCount }
}
