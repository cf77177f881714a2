import CRdKafka

/// What a broker told of the cluster: brokers, topics, partitions. A copy; it does not change by itself.
public struct ClusterMetadata: Sendable, Hashable {
  /// A broker's id and address.
  public struct Broker: Sendable, Hashable {
    /// The broker's id.
    public let id: Int32
    /// The advertised host name.
    public let host: String
    /// The advertised port.
    public let port: Int32
  }

  /// A partition, with where its replicas are.
  public struct Partition: Sendable, Hashable {
    /// The number, from 0.
    public let id: Int32
    /// The leader's broker id, -1 for none at the moment.
    public let leader: Int32
    /// The replicas' broker ids.
    public let replicas: [Int32]
    /// The broker ids of the replicas in sync.
    public let inSyncReplicas: [Int32]
  }

  /// A topic with its partitions.
  public struct Topic: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The partitions, by number; empty when there is an error.
    public let partitions: [Partition]
    /// The broker's error for this topic, such as `unknownTopicOrPartition`, or nil.
    public let error: KafkaError.Code?
  }

  /// The brokers there are.
  public let brokers: [Broker]
  /// The topics asked for.
  public let topics: [Topic]

  /// The topic of the given name, nil when it is not there or has an error.
  public func topic(_ name: String) -> Topic? { topics.first { $0.name == name && $0.error == nil } }

  /// Asks for one topic, or for all with nil. Blocks.
  init(of handle: KafkaHandle, topic: String?, timeout: Duration) throws(KafkaError) {
    let local = topic.flatMap { rd_kafka_topic_new(handle.raw, $0, nil) }
    defer { local.map { rd_kafka_topic_destroy($0) } }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    let all: Int32 = topic == nil ? 1 : 0
    let code = rd_kafka_metadata(handle.raw, all, local, &metadata, timeout.kafkaMilliseconds)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
      var error = handle.explained(KafkaError(code, operation: "read the cluster's metadata"))
      error.topic = topic
      throw error
    }
    defer { rd_kafka_metadata_destroy(metadata) }
    let raw = metadata.pointee
    brokers = UnsafeBufferPointer(start: raw.brokers, count: Int(raw.broker_cnt)).map {
      Broker(id: $0.id, host: String(cString: $0.host), port: $0.port)
    }
    topics = UnsafeBufferPointer(start: raw.topics, count: Int(raw.topic_cnt)).map(Topic.init)
  }
}

extension ClusterMetadata.Topic {
  fileprivate init(_ raw: rd_kafka_metadata_topic) {
    name = String(cString: raw.topic)
    error = raw.err == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError.Code(raw.err)
    partitions = UnsafeBufferPointer(start: raw.partitions, count: Int(raw.partition_cnt))
      .map(ClusterMetadata.Partition.init)
      .sorted { $0.id < $1.id }
  }
}

extension ClusterMetadata.Partition {
  fileprivate init(_ raw: rd_kafka_metadata_partition) {
    id = raw.id
    leader = raw.leader
    replicas = Array(UnsafeBufferPointer(start: raw.replicas, count: Int(raw.replica_cnt)))
    inSyncReplicas = Array(UnsafeBufferPointer(start: raw.isrs, count: Int(raw.isr_cnt)))
  }
}
