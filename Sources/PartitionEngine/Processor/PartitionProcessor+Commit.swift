import Sequitur

extension PartitionProcessor {
  /// Ends the open transaction's preparation: its objects and the checkpoint go to `output` as changelog
  /// records, and what follows is prepared for the next transaction.
  ///
  /// Each object is written once, however many commands changed it. The records have the time of their writing.
  ///
  /// - Parameter lastCommand: the last command that was processed, if it is known; it stands in the checkpoint.
  /// - Returns: the next command offset, to be committed for the consumer group in the same transaction.
  /// - Precondition: no transaction is sealed, and commands were processed since the last one, or the position was moved.
  @inlinable
  public mutating func seal(into output: inout OutputBatch, lastCommand: LastCommand? = nil) -> Int64 {
    precondition(!isSealed, "a transaction was sealed while another one is under way")
    precondition(hasOpenCommands, "a transaction without a command was sealed")
    output.appendChangelog(of: open, partition: identity.partition)
    output.appendCheckpoint(
      CheckpointRecord(
        position: nextPosition, partitions: identity.partitions, incarnation: identity.incarnation,
        lastCommand: lastCommand, moves: identity.moves),
      of: identity)
    swap(&open, &sealed)
    isSealed = true
    isMoved = false
    sealedPosition = nextPosition
    return sealedPosition
  }

  /// The sealed transaction was committed: its objects become visible and wait for the drain.
  ///
  /// - Parameter checkpointOffset: the changelog offset of its checkpoint record; `nil` when it is not known,
  ///   which only makes a later restore read more.
  @inlinable
  public mutating func commit(checkpointOffset: Int64?) {
    precondition(isSealed, "a commit was reported, but no transaction is sealed")
    table.commit(sealed)
    sealed.removeAll(keepingAtMost: overlayBytesKept)
    isSealed = false
    committedPosition = sealedPosition
    if let checkpointOffset {
      lastCheckpoint = DrainPosition(
        changelogOffset: checkpointOffset + 1, commandPosition: committedPosition,
        checkpointOffset: checkpointOffset, incarnation: identity.incarnation)
    }
    table.evict()
  }

  /// Shrinks an overlay above this size between two transactions, so that one large transaction does not fix every
  /// partition's memory.
  @usableFromInline var overlayBytesKept: Int { table.byteCountMax / 8 }
}
