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

extension CommitMachine {
  /// What the group's committed positions say about a transaction whose outcome is not known.
  public enum Resolution: Sendable, Hashable {
    case notCommitted
    /// They stand where the transaction ends, whoever committed that.
    case committed
    /// Neither its start nor its end: another owner has gone on from somewhere.
    case movedOn

    /// - Parameter positions: of the transaction's partitions, stable ones; a partition without one is not in it.
    public init(of parts: [TransactionPart], positions: [Int32: Int64]) {
      if parts.allSatisfy({ positions[$0.partition] == $0.end }) {
        self = .committed
      } else if parts.allSatisfy({ positions[$0.partition] ?? $0.start == $0.start }) {
        self = .notCommitted
      } else {
        self = .movedOn
      }
    }
  }
}
