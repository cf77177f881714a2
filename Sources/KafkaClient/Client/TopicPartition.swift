/// A partition of a topic.
public struct TopicPartition: Sendable, Hashable, CustomStringConvertible {
  /// The partition number that leaves the choice to the configured partitioner (`RD_KAFKA_PARTITION_UA`).
  public static let unassigned: Int32 = -1

  /// The topic's name.
  public var topic: String
  /// The partition's number, from 0.
  public var partition: Int32

  /// A partition by topic name and number.
  public init(topic: String, partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  /// `topic/partition`.
  public var description: String { "\(topic)/\(partition)" }
}

/// A position in a partition: the offset of the next record, or one of librdkafka's logical offsets.
public struct TopicPartitionOffset: Sendable, Hashable, CustomStringConvertible {
  /// The oldest record there is (`RD_KAFKA_OFFSET_BEGINNING`).
  public static let beginning: Int64 = -2
  /// Behind the newest record (`RD_KAFKA_OFFSET_END`).
  public static let end: Int64 = -1
  /// The group's committed offset (`RD_KAFKA_OFFSET_STORED`).
  public static let stored: Int64 = -1000
  /// So many offsets before the end, or the oldest record when there are fewer and `auto.offset.reset=earliest`
  /// (`RD_KAFKA_OFFSET_TAIL`).
  public static func fromEnd(_ offsets: Int64) -> Int64 { -2000 - offsets }
  /// No offset (`RD_KAFKA_OFFSET_INVALID`): a consumer then starts at the committed offset.
  public static let invalid: Int64 = -1001

  /// The topic's name.
  public var topic: String
  /// The partition's number, from 0.
  public var partition: Int32
  /// The offset of the next record.
  public var offset: Int64

  /// A position by topic name, partition number and offset.
  public init(topic: String, partition: Int32, offset: Int64) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
  }

  /// The partition without the offset.
  public var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }

  /// `topic/partition@offset`.
  public var description: String { "\(topic)/\(partition)@\(offset)" }
}
