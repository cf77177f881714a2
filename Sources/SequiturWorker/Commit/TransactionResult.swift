import Sequitur

/// How a transaction ended.
struct TransactionResult: Sendable {
  enum Ending: Sendable, Hashable {
    case committed
    /// Its partitions go back to the last committed state: nothing of it became visible, or, when it was given
    /// up undecided, whoever restores the partitions waits until that is known.
    case discarded(isUndecided: Bool)
  }

  let ending: Ending
  /// Offsets of the checkpoint records on the changelog, by partition, as far as they are known.
  let checkpointOffsets: [Int32: Int64]
  /// From the first produce to the commit's answer.
  let duration: Duration
}
