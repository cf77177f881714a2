import Sequitur

/// How a transaction ended.
struct TransactionResult: Sendable {
  enum Ending: Sendable, Hashable {
    case committed
    /// Nothing of it became visible; its partitions go back to the last committed state.
    case discarded
  }

  let ending: Ending
  /// Offsets of the checkpoint records on the changelog, by partition, as far as they are known.
  let checkpointOffsets: [Int32: Int64]
  /// From the first produce to the commit's answer.
  let duration: Duration
}
