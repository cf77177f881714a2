import ReadableText

/// Why a partition cannot be followed further. Nothing is skipped: whoever follows decides how to go on.
public enum FollowFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// Records that were not applied yet were deleted.
  case recordsGone(needed: Int64, logStart: Int64, of: FollowMachine.Source)
  /// The topic is shorter than what was followed before.
  case positionBeyondEnd(needed: Int64, end: Int64)
  /// The changelog's checkpoints are another changelog's of the same name.
  case otherIncarnation(known: Int64, found: Int64)
  /// Where the last applied record stood, something else stands.
  case otherRecords(offset: Int64)
  /// A later record is of an earlier command.
  case wentBack(known: Int64, found: Int64, offset: Int64)
  /// Another application wrote the record, as `says` tells: a name and its value.
  case otherApplication(offset: Int64, says: String)
  /// The topic had another number of partitions when the record was written.
  case partitionCountChanged(checkpoint: Int32, now: Int32, offset: Int64)
  /// The changelog ends with states behind which no checkpoint stands, and no transaction is open.
  case noCheckpoint(end: Int64)
  /// A record is not what Sequitur writes.
  case unreadable(offset: Int64, reason: String)

  /// Whether the topic is not the one that was followed before: what was made of it must be made again.
  public var isRecreated: Bool {
    switch self {
    case .positionBeyondEnd, .otherIncarnation, .otherRecords, .wentBack: true
    case .recordsGone, .otherApplication, .partitionCountChanged, .noCheckpoint, .unreadable: false
    }
  }

  /// What was expected, what was found, and what to do.
  public var description: String {
    switch self {
    case .recordsGone(let needed, let logStart, .changelog):
      "Expected to read the changelog from offset \(needed), but it begins at \(logStart): records were deleted, and "
        + "states may be among them. A changelog is compacted and nothing else (sequitur topics check); restore the "
        + "topic from a backup."
    case .recordsGone(let needed, let logStart, .events):
      "Expected to read events from offset \(needed), but the topic begins at \(logStart): "
        + "\((logStart - needed).counted("record")) were deleted before they were read. Begin again from the "
        + "states, which the changelog keeps (sequitur bootstrap)."
    case .recordsGone(let needed, let logStart, .rejections):
      "Expected to read rejections from offset \(needed), but the topic begins at \(logStart): "
        + "\((logStart - needed).counted("record")) were deleted before they were read."
    case .positionBeyondEnd(let needed, let end):
      "Expected to go on at offset \(needed), but the topic ends at \(end): it was deleted and created again. "
        + Self.again
    case .otherIncarnation(let known, let found):
      "Expected the changelog's incarnation \(known), but its checkpoints are of incarnation \(found): it was "
        + "deleted and created again. \(Self.again)"
    case .otherRecords(let offset):
      "Expected the record that was read before at offset \(offset), but another one stands there: the topic was "
        + "deleted and created again, or filled from a copy. \(Self.again)"
    case .wentBack(let known, let found, let offset):
      "Expected no command before \(known), but the record at offset \(offset) is of command \(found): the topic "
        + "was deleted and created again, or another application writes to it. \(Self.again)"
    case .otherApplication(let offset, let says):
      "Expected records of the application that is followed, but of the record at offset \(offset) "
        + "\(ShownText.line(says)). Name the application and its topics: --application-id, --commands-topic, "
        + "--valid-topic, --invalid-topic, --changelog-topic."
    case .partitionCountChanged(let checkpoint, let now, let offset):
      "Expected \(checkpoint.counted("partition")), as the checkpoint at offset \(offset) says, but the topic has "
        + "\(now): keys have moved away from their states. Follow the topics that the application has now."
    case .noCheckpoint(let end):
      "Expected a checkpoint behind the changelog's last states, but the topic ends at offset \(end) without one, and "
        + "no transaction is open. Only Sequitur may write to this topic; find who else does."
    case .unreadable(let offset, let reason):
      "Expected to decode the record at offset \(offset), but \(ShownText.line(reason)). Only Sequitur may write to "
        + "this topic; a record of a newer version needs a newer sequitur."
    }
  }

  private static let again = "What was made of it must be made again, from nothing."
}
