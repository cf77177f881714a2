import CRdKafka

extension KafkaConsumer {
  /// Reads exactly these partitions from these offsets, and no others (`rd_kafka_assign`; of a plain reader
  /// `rd_kafka_consume_start_queue`, which asks for no group). An empty list ends all reading. Not to be mixed with
  /// `subscribe`.
  /// - Throws: an error of the client, such as a fatal one.
  public func assign(_ positions: [TopicPartitionOffset]) throws(KafkaError) {
    if let reading { return try reading.start(positions, into: mainQueue) }
    let list = TopicPartitionList(positions)
    try check(rd_kafka_assign(handle.raw, list.raw), "assign partitions")
  }

  /// The partitions assigned at the moment (`rd_kafka_assignment`).
  /// - Throws: an error of the client.
  public func assignment() throws(KafkaError) -> [TopicPartition] {
    if let reading { return reading.partitions }
    var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    try check(rd_kafka_assignment(handle.raw, &list), "read the assignment")
    defer { list.map { rd_kafka_topic_partition_list_destroy($0) } }
    return TopicPartitionList.elements(of: list).map(\.position.topicPartition)
  }

  /// The group's committed offsets; partitions without one are absent. Blocks (`rd_kafka_committed`).
  ///
  /// With `isolation.level=read_committed`, librdkafka's default, the answer waits for open transactions that
  /// hold offsets of these partitions (require_stable).
  /// - Throws: `timedOut` (also when such a transaction stays open), a partition's own error, coordinator errors.
  public func committed(
    _ partitions: [TopicPartition], timeout: Duration
  ) throws(KafkaError) -> [TopicPartition: Int64] {
    let list = TopicPartitionList(partitions)
    let operation = "read committed offsets"
    try handle.check(rd_kafka_committed(handle.raw, list.raw, timeout.kafkaMilliseconds), operation)
    return try Self.offsets(list, operation)
  }

  /// Tells the group up to where partitions are done, in the background: what becomes of it is not told
  /// (`rd_kafka_commit`, asynchronous).
  ///
  /// For tools that show a group's lag. Who stores positions with what it made of the records never reads these.
  /// - Throws: an error of the client, such as a fatal one.
  public func commitInBackground(_ offsets: [TopicPartitionOffset]) throws(KafkaError) {
    guard !offsets.isEmpty else { return }
    let list = TopicPartitionList(offsets)
    try check(rd_kafka_commit(handle.raw, list.raw, 1), "commit offsets")
  }

  /// The offsets behind the last records handed to the application; partitions without any are absent
  /// (`rd_kafka_position`). Does not see control records: ends of partitions do (``Message/offset``).
  /// - Throws: a partition's own error.
  public func position(_ partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Int64] {
    let list = TopicPartitionList(partitions)
    let operation = "read positions"
    try check(rd_kafka_position(handle.raw, list.raw), operation)
    return try Self.offsets(list, operation)
  }

  /// Continues an assigned partition at another offset. Blocks until the change has been made
  /// (`rd_kafka_seek_partitions`). What was fetched before is dropped; batches already taken are not touched.
  /// - Throws: `timedOut`, `state` for a partition that is not being read, `unknownPartition`.
  public func seek(topic: String, partition: Int32, offset: Int64, timeout: Duration) throws(KafkaError) {
    let position = TopicPartitionOffset(topic: topic, partition: partition, offset: offset)
    let list = TopicPartitionList([position])
    let operation = "seek in a partition"
    try check(rd_kafka_seek_partitions(handle.raw, list.raw, Self.seekTimeout(timeout)), operation)
    for element in list.elements { try element.check(operation) }
  }

  /// Begins to fetch a partition that was assigned paused (``KafkaRebalanceListener/assignsPaused``), or was paused since.
  /// Blocks until it is so.
  ///
  /// The assignment is made in the background: until it has reached the partition, a seek is refused, and tried again.
  /// - Throws: what ``seek(topic:partition:offset:timeout:)`` throws, `state` when the partition is still not being read
  ///   at the time-out's end, what ``resume(_:)`` throws.
  public func begin(topic: String, partition: Int32, offset: Int64, timeout: Duration) throws(KafkaError) {
    let deadline = ContinuousClock.now + timeout
    while true {
      do throws(KafkaError) {
        try seek(topic: topic, partition: partition, offset: offset, timeout: timeout)
        break
      } catch {
        guard [.state, .previousInProgress].contains(error.code), ContinuousClock.now < deadline else {
          throw error
        }
        pauseBriefly()
      }
    }
    try resume([TopicPartition(topic: topic, partition: partition)])
    // A seek wakes the broker's thread, which may sleep for a second, and a resume does not (2.0.2).
    try seek(topic: topic, partition: partition, offset: offset, timeout: timeout)
  }

  /// Between two tries of a seek: waits at a queue that nothing comes to.
  private func pauseBriefly() {
    var none = MessageBatch(capacity: 1)
    makeQueue().consumeBatch(into: &none, timeout: .milliseconds(5))
  }

  /// librdkafka below 2.1.0 takes the milliseconds it is given for microseconds: 10 s were over after 10 ms (its
  /// CHANGELOG, pull request 4230).
  private static func seekTimeout(_ timeout: Duration) -> Int32 {
    let factor = rd_kafka_version() < 0x0201_0000 ? 1000 : 1
    return (timeout * factor).kafkaMilliseconds
  }

  /// Stops fetching assigned partitions; what is in their queues already is purged and read again after
  /// ``resume(_:)`` (`rd_kafka_pause_partitions`). The group is not told, and an assignment resets it.
  /// - Throws: `unknownPartition` for a partition that is not assigned.
  public func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
    let list = TopicPartitionList(partitions)
    try check(rd_kafka_pause_partitions(handle.raw, list.raw), "pause partitions")
    for element in list.elements { try element.check("pause partitions") }
  }

  /// Fetches paused partitions again, where they stopped (`rd_kafka_resume_partitions`).
  /// - Throws: `unknownPartition` for a partition that is not assigned.
  public func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
    let list = TopicPartitionList(partitions)
    try check(rd_kafka_resume_partitions(handle.raw, list.raw), "resume partitions")
    for element in list.elements { try element.check("resume partitions") }
  }

  /// Asks the partition's leader for its oldest offset and its end. Blocks (`rd_kafka_query_watermark_offsets`).
  ///
  /// The end is the last stable offset unless the consumer has `isolation.level=read_uncommitted`:
  /// ``KafkaAdmin/watermarks(topic:partition:timeout:)`` always gives the high watermark.
  /// A partition without a leader is waited for.
  /// - Throws: `timedOut`, `notLeaderForPartition`, `unknownPartition`, `unknownTopicOrPartition`, `transport`.
  public func watermarks(
    topic: String, partition: Int32, timeout: Duration
  ) throws(KafkaError) -> Watermarks {
    try handle.watermarks(topic: topic, partition: partition, timeout: timeout)
  }

  /// Has librdkafka look whether it may fetch from a partition's leader again.
  ///
  /// Blocks until the answer is there, which waits behind a fetch that is under way: half a second where that waits for
  /// records. librdkafka looks for time-outs once a second only, so a short one does not end that sooner (measured).
  ///
  /// The thread that fetches sleeps for up to a second once a queue is at its bound (`rd_kafka_broker_serve`, 2.0.2), however
  /// soon that is read. A request to the leader wakes it; whether the answer comes in time does not matter.
  public func wakeFetcher(topic: String, partition: Int32, timeout: Duration) {
    _ = try? watermarks(topic: topic, partition: partition, timeout: timeout)
  }

  private static func offsets(
    _ list: borrowing TopicPartitionList, _ operation: String
  ) throws(KafkaError) -> [TopicPartition: Int64] {
    var offsets: [TopicPartition: Int64] = [:]
    for element in list.elements {
      try element.check(operation)
      if element.position.offset >= 0 { offsets[element.position.topicPartition] = element.position.offset }
    }
    return offsets
  }
}
