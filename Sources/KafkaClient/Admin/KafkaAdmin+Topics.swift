import CRdKafka

extension KafkaAdmin {
  /// Creates topics (`rd_kafka_CreateTopics`). Brokers learn of them some time after the result.
  /// - Returns: one result a topic, for example with `topicAlreadyExists`.
  /// - Throws: `invalidArgument` for a topic that is not possible, `timedOut`, `transport`.
  public func createTopics(_ topics: [NewTopic], timeout: Duration) throws(KafkaError) -> [TopicResult] {
    var raws: [OpaquePointer?] = []
    defer { for raw in raws { rd_kafka_NewTopic_destroy(raw) } }
    for topic in topics { raws.append(try topic.makeRaw()) }
    let operation = "create topics"
    return try perform(operation, timeout: timeout) { options, queue in
      rd_kafka_CreateTopics(handle.raw, &raws, raws.count, options, queue)
    } read: { event in
      var count = 0
      let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
      return TopicResult.read(results, count, operation)
    }
  }

  /// Deletes topics and all their records (`rd_kafka_DeleteTopics`).
  /// - Returns: one result a topic, for example with `unknownTopicOrPartition`.
  /// - Throws: `timedOut`, `transport`.
  public func deleteTopics(_ names: [String], timeout: Duration) throws(KafkaError) -> [TopicResult] {
    var raws: [OpaquePointer?] = names.map { rd_kafka_DeleteTopic_new($0) }
    defer { for raw in raws { rd_kafka_DeleteTopic_destroy(raw) } }
    let operation = "delete topics"
    return try perform(operation, timeout: timeout) { options, queue in
      rd_kafka_DeleteTopics(handle.raw, &raws, raws.count, options, queue)
    } read: { event in
      var count = 0
      let results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count)
      return TopicResult.read(results, count, operation)
    }
  }

  /// Raises a topic's number of partitions to a total (`rd_kafka_CreatePartitions`).
  /// - Throws: the topic's error, such as `unknownTopicOrPartition`; `invalidArgument`; `timedOut`, `transport`.
  public func createPartitions(topic: String, total: Int, timeout: Duration) throws(KafkaError) {
    let operation = "add partitions"
    var raw: OpaquePointer?
    let text = KafkaError.withErrorText { raw = rd_kafka_NewPartitions_new(topic, max(0, total), $0, $1) }
    guard raw != nil else {
      throw KafkaError(code: .invalidArgument, operation: operation, detail: text, topic: topic)
    }
    defer { rd_kafka_NewPartitions_destroy(raw) }
    let results = try perform(operation, timeout: timeout) { options, queue in
      rd_kafka_CreatePartitions(handle.raw, &raw, 1, options, queue)
    } read: { event in
      var count = 0
      let result = rd_kafka_event_CreatePartitions_result(event)
      return TopicResult.read(rd_kafka_CreatePartitions_result_topics(result, &count), count, operation)
    }
    for case let error? in results.map(\.error) { throw error }
  }

  /// A topic's properties as they are in force, defaults included (`rd_kafka_DescribeConfigs`). Properties the
  /// broker holds back, as sensitive ones, are absent.
  /// - Throws: the topic's error, such as `unknownTopicOrPartition`; `timedOut`, `transport`.
  public func describeTopicConfiguration(
    _ topic: String, timeout: Duration
  ) throws(KafkaError) -> [String: String] {
    let operation = "describe a topic's configuration"
    var raw: OpaquePointer? = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic)
    defer { rd_kafka_ConfigResource_destroy(raw) }
    return try perform(operation, timeout: timeout) { options, queue in
      rd_kafka_DescribeConfigs(handle.raw, &raw, 1, options, queue)
    } read: { event throws(KafkaError) in
      var count = 0
      let result = rd_kafka_event_DescribeConfigs_result(event)
      let resources = rd_kafka_DescribeConfigs_result_resources(result, &count)
      guard count == 1, let resource = resources?[0] else {
        throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, operation: operation, detail: "the answer was empty")
      }
      let code = rd_kafka_ConfigResource_error(resource)
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
        let text = rd_kafka_ConfigResource_error_string(resource).map { String(cString: $0) }
        var error = KafkaError(code, operation: operation, detail: text)
        error.topic = topic
        throw error
      }
      return Self.entries(of: resource)
    }
  }

  private static func entries(of resource: OpaquePointer) -> [String: String] {
    var count = 0
    let entries = rd_kafka_ConfigResource_configs(resource, &count)
    var configuration: [String: String] = [:]
    for index in 0..<count {
      guard let entry = entries?[index], let value = rd_kafka_ConfigEntry_value(entry) else { continue }
      configuration[String(cString: rd_kafka_ConfigEntry_name(entry))] = String(cString: value)
    }
    return configuration
  }
}

extension TopicResult {
  /// Copies of the results; the event keeps its own.
  fileprivate static func read(
    _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, _ operation: String
  ) -> [TopicResult] {
    (0..<count).compactMap { index in
      guard let raw = results?[index] else { return nil }
      let topic = String(cString: rd_kafka_topic_result_name(raw))
      let code = rd_kafka_topic_result_error(raw)
      guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return TopicResult(topic: topic, error: nil) }
      let detail = rd_kafka_topic_result_error_string(raw).map { String(cString: $0) }
      var error = KafkaError(code, operation: operation, detail: detail)
      error.topic = topic
      return TopicResult(topic: topic, error: error)
    }
  }
}
