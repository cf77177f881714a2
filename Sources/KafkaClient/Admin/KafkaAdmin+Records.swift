import CRdKafka

extension KafkaAdmin {
  /// Deletes the records below the given offset of each partition (`rd_kafka_DeleteRecords`);
  /// ``TopicPartitionOffset/end`` deletes all there are.
  /// - Returns: each partition's new oldest offset.
  /// - Throws: the first partition's error, such as `offsetOutOfRange`; `timedOut`, `transport`.
  @discardableResult
  public func deleteRecords(
    before offsets: [TopicPartitionOffset], timeout: Duration
  ) throws(KafkaError) -> [TopicPartition: Int64] {
    let operation = "delete records"
    let list = TopicPartitionList(offsets)
    var raw: OpaquePointer? = rd_kafka_DeleteRecords_new(list.raw)
    defer { rd_kafka_DeleteRecords_destroy(raw) }
    return try perform(operation, timeout: timeout) { options, queue in
      rd_kafka_DeleteRecords(handle.raw, &raw, 1, options, queue)
    } read: { event throws(KafkaError) in
      let result = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event))
      var low: [TopicPartition: Int64] = [:]
      for element in TopicPartitionList.elements(of: result) {
        try element.check(operation)
        low[element.position.topicPartition] = element.position.offset
      }
      return low
    }
  }

  /// Deletes a group's committed offsets of partitions no member is subscribed to
  /// (`rd_kafka_DeleteConsumerGroupOffsets`).
  /// - Throws: the group's or the first partition's error; `timedOut`, `transport`.
  public func deleteConsumerGroupOffsets(
    group: String, partitions: [TopicPartition], timeout: Duration
  ) throws(KafkaError) {
    let operation = "delete a group's offsets"
    let list = TopicPartitionList(partitions)
    var raw: OpaquePointer? = rd_kafka_DeleteConsumerGroupOffsets_new(group, list.raw)
    defer { rd_kafka_DeleteConsumerGroupOffsets_destroy(raw) }
    try perform(operation, timeout: timeout) { options, queue in
      rd_kafka_DeleteConsumerGroupOffsets(handle.raw, &raw, 1, options, queue)
    } read: { event throws(KafkaError) in
      var count = 0
      let result = rd_kafka_event_DeleteConsumerGroupOffsets_result(event)
      let groups = rd_kafka_DeleteConsumerGroupOffsets_result_groups(result, &count)
      for index in 0..<count {
        guard let group = groups?[index] else { continue }
        if let error = rd_kafka_group_result_error(group) {
          throw KafkaError(
            rd_kafka_error_code(error), operation: operation,
            detail: String(cString: rd_kafka_error_string(error)))
        }
        for element in TopicPartitionList.elements(of: rd_kafka_group_result_partitions(group)) {
          try element.check(operation)
        }
      }
    }
  }
}
