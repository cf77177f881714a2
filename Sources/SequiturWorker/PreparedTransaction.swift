import PartitionEngine

/// A transaction from its first command to its commit: the records, and which commands they answer.
struct PreparedTransaction: ~Copyable, Sendable {
  var output = OutputBatch()
  /// The partitions' shares, once it is sealed.
  var parts: [TransactionPart] = []
  /// Commands processed into it.
  var commands = 0
  var accepted = 0
  var openedAt: ContinuousClock.Instant?

  mutating func removeAll() {
    output.removeAll()
    parts.removeAll(keepingCapacity: true)
    commands = 0
    accepted = 0
    openedAt = nil
  }
}
