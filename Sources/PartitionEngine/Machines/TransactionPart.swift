/// A partition's share of a transaction: the commands from `start` up to but not including `end`.
public struct TransactionPart: Sendable, Hashable {
  public let partition: Int32
  public let start: Int64
  public let end: Int64

  public init(partition: Int32, start: Int64, end: Int64) {
    self.partition = partition
    self.start = start
    self.end = end
  }
}
