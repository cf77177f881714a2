/// Why a partition's commands cannot be gone on with at its position: they are not the ones that it had come to.
public enum InputFault: Sendable, Hashable, CustomStringConvertible {
  /// Retention, or `DeleteRecords`, has overtaken the position: commands were deleted before they were processed.
  case commandsDeleted(position: Int64, logStart: Int64)
  /// The commands topic ends before the position.
  case endsBelow(position: Int64, end: Int64)
  /// Where the command stood that was processed last, another one does.
  case otherCommand(position: Int64, offset: Int64)
  /// Where the command stood that was processed last, none does, though the topic has records before and after it.
  case commandGone(position: Int64, offset: Int64)

  /// Offsets of commands that were deleted before they were processed. Of transactional producers, their control records
  /// and aborted commands are among them.
  public var lostCount: Int64 {
    if case .commandsDeleted(let position, let logStart) = self { logStart - position } else { 0 }
  }

  public var description: String {
    switch self {
    case .commandsDeleted(let position, let logStart):
      "Expected to go on at command offset \(position), but the commands topic begins at \(logStart): "
        + "\(logStart - position) offsets were deleted before they were processed, and commands there will never "
        + "have an outcome. Raise the topic's retention. To go on without them, start the worker with "
        + "--accept-lost-commands; it stays written on the changelog, and sequitur verify tells it."
    case .endsBelow(let position, let end):
      "Expected to go on at command offset \(position), but the commands topic ends at \(end): it was deleted "
        + "and created again, truncated, or restored from a backup. \(Self.cure)"
    case .otherCommand(let position, let offset):
      "Expected to go on at command offset \(position), behind the command at \(offset) that was processed last, "
        + "but another command stands there: the commands topic was deleted and created again, or is another "
        + "one. \(Self.cure)"
    case .commandGone(let position, let offset):
      "Expected to go on at command offset \(position), behind the command at \(offset) that was processed last, "
        + "but no command stands there: the commands topic was deleted and created again, or is another one. "
        + Self.cure
    }
  }

  private static let cure =
    "Give the application the topic that it knows. To go on with this one, start the worker with "
    + "--begin-commands-at start when none of its commands was processed, or with --begin-commands-at end when all "
    + "were; it stays written on the changelog, and sequitur verify tells it. The ids of events, which are made "
    + "of topic, partition and offset, may repeat then."
}

/// What an operator has decided about commands that cannot be gone on with. Without a decision the partition is refused.
public struct InputDecision: Sendable, Hashable {
  /// Where to begin on a commands topic that is another one than the application knows.
  public enum Begin: String, Sendable, Hashable, CaseIterable {
    /// At its first record: none of them was processed.
    case start
    /// At its end: all of them were processed.
    case end
  }

  /// Go on behind commands that were deleted before they were processed.
  public var acceptsLostCommands: Bool
  /// Nil: another topic is refused.
  public var begin: Begin?

  public init(acceptsLostCommands: Bool = false, begin: Begin? = nil) {
    self.acceptsLostCommands = acceptsLostCommands
    self.begin = begin
  }
}
