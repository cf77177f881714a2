import CRdKafka

/// A topic to be created.
public struct NewTopic: Sendable, Hashable {
  /// The name.
  public var name: String
  /// The number of partitions, at least 1.
  public var partitions: Int
  /// The number of replicas; -1 leaves it to the broker.
  public var replicationFactor: Int
  /// Topic properties such as `cleanup.policy`, by name.
  public var configuration: [String: String]

  /// A topic by name and shape.
  public init(
    name: String, partitions: Int, replicationFactor: Int = -1, configuration: [String: String] = [:]
  ) {
    self.name = name
    self.partitions = partitions
    self.replicationFactor = replicationFactor
    self.configuration = configuration
  }

  /// A new `rd_kafka_NewTopic_t`, which the caller owns.
  func makeRaw() throws(KafkaError) -> OpaquePointer {
    var raw: OpaquePointer?
    let text = KafkaError.withErrorText {
      raw = rd_kafka_NewTopic_new(
        name, Int32(clamping: partitions), Int32(clamping: replicationFactor), $0, $1)
    }
    guard let raw else {
      throw KafkaError(code: .invalidArgument, operation: "describe a new topic", detail: text, topic: name)
    }
    for (property, value) in configuration { rd_kafka_NewTopic_set_config(raw, property, value) }
    return raw
  }
}

/// What an admin call did to one topic.
public struct TopicResult: Sendable {
  /// The topic's name.
  public let topic: String
  /// Why it was not done, nil when it was.
  public let error: KafkaError?
}
