extension RestoreMachine {
  /// What the store says of itself.
  public struct StoredPosition: Sendable, Hashable {
    /// The changelog offset from which reading goes on.
    public let changelogOffset: Int64
    /// The command position that the store's objects stand for; `nil` before the first checkpoint.
    public let commandPosition: Int64?
    /// Where that checkpoint stands on the changelog; `nil` when it is not known.
    public let checkpointOffset: Int64?
    /// The changelog's, as its checkpoints say it; `nil` when none did.
    public let incarnation: Int64?

    public init(
      changelogOffset: Int64, commandPosition: Int64?, checkpointOffset: Int64? = nil,
      incarnation: Int64? = nil
    ) {
      self.changelogOffset = changelogOffset
      self.commandPosition = commandPosition
      self.checkpointOffset = checkpointOffset
      self.incarnation = incarnation
    }
  }
}
