import PartitionEngine

/// A transaction from its first command to its commit: the records, and which commands they answer.
struct PreparedTransaction: ~Copyable, Sendable {
  var output = OutputBatch()
  /// The partitions' shares, once it is sealed.
  var parts: [TransactionPart] = []
  /// Commands that were accepted in it.
  var accepted = 0
  /// All commands in it, once it is sealed.
  var commands = 0

  mutating func removeAll() {
    output.removeAll()
    parts.removeAll(keepingCapacity: true)
    accepted = 0
    commands = 0
  }
}
