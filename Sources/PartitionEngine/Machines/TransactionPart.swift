import Sequitur

/// A partition's share of a transaction: the commands from `start` up to but not including `end`.
public struct TransactionPart: Sendable, Hashable {
  public let partition: Int32
  public let start: Int64
  public let end: Int64
  /// The last of them, by which the commands topic is known again; nil: not known.
  public let lastCommand: LastCommand?

  public init(partition: Int32, start: Int64, end: Int64, lastCommand: LastCommand? = nil) {
    self.partition = partition
    self.start = start
    self.end = end
    self.lastCommand = lastCommand
  }
}
