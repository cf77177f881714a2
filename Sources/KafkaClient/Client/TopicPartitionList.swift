import CRdKafka

/// Owner of one `rd_kafka_topic_partition_list_t`. Destroyed at the end of its scope.
struct TopicPartitionList: ~Copyable {
  let raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  init(_ positions: [TopicPartitionOffset]) {
    raw = rd_kafka_topic_partition_list_new(Int32(positions.count))
    for position in positions {
      rd_kafka_topic_partition_list_add(raw, position.topic, position.partition).pointee.offset =
        position.offset
    }
  }

  init(_ partitions: [TopicPartition]) {
    self.init(
      partitions.map {
        TopicPartitionOffset(topic: $0.topic, partition: $0.partition, offset: TopicPartitionOffset.invalid)
      })
  }

  /// Topic names only, as `rd_kafka_subscribe` takes them.
  init(topics: [String]) {
    self.init(topics.map { TopicPartition(topic: $0, partition: TopicPartition.unassigned) })
  }

  deinit { rd_kafka_topic_partition_list_destroy(raw) }

  var elements: [TopicPartitionElement] { Self.elements(of: raw) }

  /// Copies of a list's elements; the list stays with its owner.
  static func elements(
    of list: UnsafePointer<rd_kafka_topic_partition_list_t>?
  ) -> [TopicPartitionElement] {
    guard let list, let first = list.pointee.elems else { return [] }
    return (0..<Int(list.pointee.cnt)).map { TopicPartitionElement(first[$0]) }
  }
}

/// One element of a list, with the error librdkafka may have set for it.
struct TopicPartitionElement {
  let position: TopicPartitionOffset
  let error: rd_kafka_resp_err_t

  init(_ element: rd_kafka_topic_partition_t) {
    position = TopicPartitionOffset(
      topic: String(cString: element.topic), partition: element.partition, offset: element.offset)
    error = element.err
  }

  /// Throws the element's own error.
  func check(_ operation: String) throws(KafkaError) {
    guard error != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    throw KafkaError(error, operation: operation).at(position.topicPartition)
  }
}
