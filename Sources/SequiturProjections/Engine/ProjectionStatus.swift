/// Where a projection stands, as its database has it.
public struct ProjectionStatus: Sendable, Hashable {
  /// One partition.
  public struct Partition: Sendable, Hashable {
    public let partition: Int32
    /// The offset on the valid topic that comes next.
    public let nextOffset: Int64
    /// Events that were applied or set aside.
    public let events: Int64
    /// Updates and deletions whose row was not there.
    public let unmatched: Int64
    /// The time of the last event, in milliseconds since 1970; nil before the first.
    public let lastTimestamp: Int64?
    /// The event at which the partition waits; nil when it does not.
    public let stoppedOffset: Int64?
    public let stoppedReason: String?
    /// Events that wait with their keys, that were recorded, and that were skipped.
    public let parked: Int
    public let recorded: Int
    public let skipped: Int
  }

  /// A key whose events wait.
  public struct ParkedKey: Sendable, Hashable {
    public let key: [UInt8]
    public let partition: Int32
    public let events: Int
    /// Why the first of them does.
    public let reason: String
  }

  public let name: String
  /// The file's generation, whose positions these are.
  public let generation: Int
  /// The one whose table has the table's name: a smaller one while the file's is built beside it.
  public let currentGeneration: Int
  /// The one that is built beside the current one; nil when there is none.
  public let nextGeneration: Int?
  /// The valid topic.
  public let topic: String
  public let isPaused: Bool
  public let partitions: [Partition]
  /// At most a hundred.
  public let parkedKeys: [ParkedKey]
}
