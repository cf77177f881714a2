/// Where a command stands on the commands topic.
public struct CommandPosition: Sendable, Hashable {
  /// The partition, from 0.
  public let partition: Int32
  /// The offset in the partition, from 0.
  public let offset: Int64

  /// A place in the commands topic.
  @inlinable
  public init(partition: Int32, offset: Int64) {
    self.partition = partition
    self.offset = offset
  }
}
