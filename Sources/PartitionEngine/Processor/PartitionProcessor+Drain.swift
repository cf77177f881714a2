import Sequitur

/// What a drain writes to the store in one batch: objects, and the position they stand for.
@frozen
public struct DrainPosition: Sendable, Hashable {
  /// The changelog offset from which a restore goes on.
  public let changelogOffset: Int64
  /// The position that the last checkpoint below `changelogOffset` names. The objects may be newer: a restore
  /// reads them again.
  public let commandPosition: Int64
  /// Where that checkpoint stands; `nil` while no transaction of this processor's is known to have ended.
  public let checkpointOffset: Int64?
  /// Which changelog it is, when that is known.
  public let incarnation: Int64?
  /// Graves of objects that were forgotten at or before this time are over, and may go from the store; `nil`: nobody knows.
  public let gravesOverAt: Int64?

  @inlinable
  public init(
    changelogOffset: Int64, commandPosition: Int64, checkpointOffset: Int64? = nil,
    incarnation: Int64? = nil, gravesOverAt: Int64? = nil
  ) {
    self.changelogOffset = changelogOffset
    self.commandPosition = commandPosition
    self.checkpointOffset = checkpointOffset
    self.incarnation = incarnation
    self.gravesOverAt = gravesOverAt
  }

  /// The same as the store says it.
  public var stored: RestoreMachine.StoredPosition {
    RestoreMachine.StoredPosition(
      changelogOffset: changelogOffset, commandPosition: commandPosition,
      checkpointOffset: checkpointOffset, incarnation: incarnation)
  }
}

extension PartitionProcessor {
  /// Bytes of committed objects that the store does not hold yet and no drain has taken.
  public var undrainedByteCount: Int { table.dirtyByteCount }
  /// Whether a drain is under way.
  public var isDraining: Bool { table.isDraining }

  /// Hands out the committed objects that changed since the last drain, in key order; `nil` record: deleted.
  ///
  /// All of them, the position included, must be written to the store in one atomic batch, and the outcome
  /// reported by ``finishDrain()`` or ``failDrain()`` before the next drain is taken.
  public mutating func takeDrain(
    _ body: (_ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?) -> Void
  ) -> DrainPosition {
    table.takeDrain(body)
    return DrainPosition(
      changelogOffset: lastCheckpoint.changelogOffset, commandPosition: lastCheckpoint.commandPosition,
      checkpointOffset: lastCheckpoint.checkpointOffset, incarnation: lastCheckpoint.incarnation,
      gravesOverAt: gravesOverAt)
  }

  public mutating func finishDrain() { table.finishDrain() }

  public mutating func failDrain() { table.failDrain() }

  /// Changes how many bytes of objects may stay in memory, when partitions come and go.
  public mutating func setObjectBytesMax(_ limit: Int) {
    table.setByteCountMax(limit)
  }
}
