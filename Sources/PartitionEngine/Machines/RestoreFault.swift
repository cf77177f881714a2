import ReadableText

/// Why a partition's local store cannot be gone on with. It is set aside and rebuilt from the changelog.
public enum StoreMismatch: Sendable, Hashable, CustomStringConvertible {
  /// The store is ahead of the changelog, which was therefore deleted and created again.
  case positionAboveEnd(stored: Int64, end: Int64)
  /// A checkpoint behind the stored position names an earlier command.
  case positionWentBack(stored: Int64, found: Int64)
  /// A checkpoint at or behind the store's own belongs to another changelog of the same name.
  case otherIncarnation(stored: Int64, found: Int64)
  /// Where the store's last checkpoint was read, something else stands.
  case checkpointGone(offset: Int64)
  /// The store holds the beginning of a changelog, but no checkpoint of it, by which it could be known again.
  case noCheckpoint(stored: Int64)

  /// Whether it is nothing out of the ordinary: a first restore was interrupted, or all was aborted so far.
  public var isOrdinary: Bool { if case .noCheckpoint = self { true } else { false } }

  public var description: String {
    switch self {
    case .positionAboveEnd(let stored, let end):
      "the store stands for changelog offset \(stored), but the changelog ends at \(end): "
        + "it was deleted and created again"
    case .positionWentBack(let stored, let found):
      "the store stands for command position \(stored), but a later checkpoint on the changelog names "
        + "\(found): the changelog was deleted and created again"
    case .otherIncarnation(let stored, let found):
      "the store stands for the changelog's incarnation \(stored), but its checkpoints are of the incarnation "
        + "\(found): the changelog was deleted and created again, and has been written since"
    case .checkpointGone(let offset):
      "the store was made from a checkpoint at changelog offset \(offset), but something else stands there: "
        + "the changelog was deleted and created again, or filled from a copy"
    case .noCheckpoint(let stored):
      "the store stands for changelog offset \(stored), but for no checkpoint of it: so little is read again"
    }
  }
}

/// Why a partition must not be served. Nothing is guessed: an incomplete state would accept wrong commands.
public enum RestoreFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// Records that the store needs were deleted from the changelog.
  case changelogTruncated(needed: Int64, logStart: Int64)
  /// The group has consumed further than the state on the changelog reaches.
  case changelogLost(checkpoint: Int64?, groupPosition: Int64)
  /// The commands topic had another number of partitions when the state was written.
  case partitionCountChanged(checkpoint: Int32, now: Int32)
  /// A newer decider wrote the state.
  case newerSchema(offset: Int64, found: Int, known: Int)
  /// The decider cannot read the states that a former one left: what has changed, and what to do.
  case unreadableStates(String)
  /// A changelog record cannot be decoded.
  case unreadableRecord(offset: Int64, reason: String)
  /// The commands are not the ones that the position belongs to.
  case inputChanged(InputFault)

  public var description: String {
    switch self {
    case .changelogTruncated(let needed, let logStart):
      "Expected to restore from changelog offset \(needed), but the changelog begins at \(logStart): "
        + "records were deleted. Restore the topic from a backup, or the store from another worker's disk."
    case .changelogLost(let checkpoint, let groupPosition):
      "Expected the changelog's checkpoint to agree with the consumer group at position \(groupPosition), "
        + "but it is at \(checkpoint.map(String.init) ?? "none"): "
        + "\(groupPosition - (checkpoint ?? 0)) commands' states are lost. Restore the changelog from a "
        + "backup, or reset the group's offset to the checkpoint to process those commands again. If "
        + "the group's offset was set forward by hand, set it back: that skips no command of an application with "
        + "state."
    case .partitionCountChanged(let checkpoint, let now):
      "Expected the commands topic to have \(checkpoint.counted("partition")), as when the state was written, but it "
        + "has \(now): keys would move away from their state. Go back to \(checkpoint.counted("partition")), or start "
        + "over with new topics and another application id."
    case .newerSchema(let offset, let found, let known):
      "Expected states of schema version \(known) or older, but a decider of schema version \(found) wrote "
        + "the changelog record at offset \(offset). Run that decider, or a newer one."
    case .unreadableStates(let reason): reason
    case .unreadableRecord(let offset, let reason):
      "Expected to decode the changelog record at offset \(offset), but \(reason). "
        + "Only Sequitur may write to the changelog."
    case .inputChanged(let fault): fault.description
    }
  }
}
