import CRdKafka

extension KafkaAdmin {
  /// The first offset of a partition whose record is not older than a time; nil when none is. Blocks
  /// (`rd_kafka_offsets_for_times`).
  ///
  /// - Parameters:
  ///   - partition: the partition to look into.
  ///   - time: milliseconds since 1970.
  ///   - timeout: how long the broker may take.
  /// - Throws: `timedOut`, `unknownPartition`, `unknownTopicOrPartition`, `transport`.
  public func firstOffset(
    of partition: TopicPartition, notBefore time: Int64, timeout: Duration
  ) throws(KafkaError) -> Int64? {
    let operation = "look a time up in a partition"
    let list = TopicPartitionList([
      TopicPartitionOffset(topic: partition.topic, partition: partition.partition, offset: time)
    ])
    try handle.check(
      rd_kafka_offsets_for_times(handle.raw, list.raw, timeout.kafkaMilliseconds), operation)
    for element in list.elements {
      try element.check(operation)
      return element.position.offset < 0 ? nil : element.position.offset
    }
    return nil
  }
}
