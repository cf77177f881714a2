import CRdKafka

extension KafkaConsumer {
  /// The membership to send with a transaction's offsets, fetched anew by each call; nil when the consumer is no
  /// member of its group at the moment (`rd_kafka_consumer_group_metadata`).
  ///
  /// librdkafka would give an object for a mere group id as well, which fences nothing: this refuses it, and any
  /// generation below 0.
  /// - Throws: `unsupportedFeature` when librdkafka's serialised form, which alone shows the generation, is new.
  public func groupMetadata() throws(KafkaError) -> ConsumerGroupMetadata? {
    guard let raw = rd_kafka_consumer_group_metadata(handle.raw) else { return nil }
    return try ConsumerGroupMetadata(owning: raw)
  }

  /// The id the coordinator gave this member, nil when it is none (`rd_kafka_memberid`).
  public var memberID: String? {
    guard let text = rd_kafka_memberid(handle.raw) else { return nil }
    defer { rd_kafka_mem_free(handle.raw, text) }
    let id = String(cString: text)
    return id.isEmpty ? nil : id
  }

  /// Whether the assigned partitions are gone already: another member may own them, and nothing of them may be
  /// committed (`rd_kafka_assignment_lost`). Reset by the next assignment.
  public var assignmentLost: Bool { rd_kafka_assignment_lost(handle.raw) != 0 }

  /// How the group hands partitions over (`rd_kafka_rebalance_protocol`).
  public var rebalanceProtocol: RebalanceProtocol { RebalanceProtocol(of: handle.raw) }

  /// The cluster's id, nil when no broker told it in time. Blocks (`rd_kafka_clusterid`).
  public func clusterID(timeout: Duration) -> String? { handle.clusterID(timeout: timeout) }

  /// What the cluster knows of a topic, or of all with nil. Blocks (`rd_kafka_metadata`).
  /// - Throws: `timedOut`, `transport`. A topic that does not exist comes with its own error.
  public func metadata(topic: String?, timeout: Duration) throws(KafkaError) -> ClusterMetadata {
    try ClusterMetadata(of: handle, topic: topic, timeout: timeout)
  }
}
