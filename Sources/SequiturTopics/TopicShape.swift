/// How missing topics are created.
public struct TopicShape: Sendable, Hashable {
  /// Partitions of each of the four topics. Choose for years: it cannot be changed later. Default 12.
  public var partitions: Int
  /// Replicas of each partition; -1 leaves it to the cluster. Default -1.
  public var replicationFactor: Int

  /// A shape; see the properties for what the numbers mean.
  public init(partitions: Int = 12, replicationFactor: Int = -1) {
    self.partitions = partitions
    self.replicationFactor = replicationFactor
  }
}
