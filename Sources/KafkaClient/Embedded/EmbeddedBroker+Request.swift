extension EmbeddedBroker {
  /// A kind of request: an API key of Kafka's protocol.
  public struct Request: RawRepresentable, Sendable, Hashable {
    /// The API key.
    public var rawValue: Int16

    /// The kind with an API key.
    public init(rawValue: Int16) { self.rawValue = rawValue }

    /// Write records.
    public static let produce = Self(rawValue: 0)
    /// Read records.
    public static let fetch = Self(rawValue: 1)
    /// Ask for watermarks.
    public static let listOffsets = Self(rawValue: 2)
    /// Ask for topics and brokers.
    public static let metadata = Self(rawValue: 3)
    /// Commit a group's offsets.
    public static let offsetCommit = Self(rawValue: 8)
    /// Read a group's offsets.
    public static let offsetFetch = Self(rawValue: 9)
    /// Ask for a coordinator.
    public static let findCoordinator = Self(rawValue: 10)
    /// Join a group.
    public static let joinGroup = Self(rawValue: 11)
    /// Stay in a group.
    public static let heartbeat = Self(rawValue: 12)
    /// Leave a group.
    public static let leaveGroup = Self(rawValue: 13)
    /// Hand out or receive an assignment.
    public static let syncGroup = Self(rawValue: 14)
    /// Get a producer id.
    public static let initProducerID = Self(rawValue: 22)
    /// Add partitions to a transaction.
    public static let addPartitionsToTransaction = Self(rawValue: 24)
    /// Add a group to a transaction.
    public static let addOffsetsToTransaction = Self(rawValue: 25)
    /// Commit or abort a transaction.
    public static let endTransaction = Self(rawValue: 26)
    /// Commit a group's offsets in a transaction.
    public static let transactionOffsetCommit = Self(rawValue: 28)
  }
}
