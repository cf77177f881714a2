import KafkaClient
import Logging
import SequiturTopics

/// What a rehearsal asks the cluster about the topics. Blocks.
struct RehearsalTopics {
  private let configuration: RehearsalConfiguration
  private let admin: KafkaAdmin

  init(_ configuration: RehearsalConfiguration, _ logger: Logger) throws(KafkaError) {
    self.configuration = configuration
    admin = try KafkaAdmin(configuration: configuration.clientProperties, logger: logger)
  }

  /// How many partitions all four topics have.
  /// - Throws: ``RehearsalFault`` when nobody answers, a topic is missing, or they have not as many.
  func partitionCount() throws(RehearsalFault) -> Int32 {
    let metadata: ClusterMetadata
    do throws(KafkaError) {
      metadata = try admin.metadata(timeout: KafkaLimits.call)
    } catch {
      throw RehearsalFault("\(TopicFault.unreachable(configuration.bootstrapServers, error))")
    }
    var counts: [Int] = []
    for name in configuration.topics.all {
      guard let topic = metadata.topic(name) else { throw RehearsalFault("\(TopicFault.missing(name))") }
      counts.append(topic.partitions.count)
    }
    guard Set(counts).count == 1 else {
      let list = zip(configuration.topics.all, counts).map { "\($0) has \($1)" }.joined(separator: ", ")
      throw RehearsalFault(
        "Expected the same number of partitions of all topics, but \(list). See sequitur topics check.")
    }
    return Int32(counts[0])
  }

  /// What the output topics take; where no broker tells, what they take by default.
  func messageBytesMax() -> Int {
    let told = configuration.topics.outputs.compactMap { name in
      try? admin.describeTopicConfiguration(name, timeout: KafkaLimits.call)["max.message.bytes"]
    }
    return told.compactMap { Int($0) }.min() ?? TopicLimits.messageBytesDefault
  }

  /// The oldest offset, and the high watermark.
  func bounds(_ topic: String, _ partition: Int32) throws(KafkaError) -> Watermarks {
    try admin.watermarks(topic: topic, partition: partition, timeout: KafkaLimits.call)
  }

  /// The first command that is not older than a time; nil when none is.
  func firstCommand(_ partition: Int32, notBefore time: Int64) throws(KafkaError) -> Int64? {
    let place = TopicPartition(topic: configuration.topics.commands, partition: partition)
    return try admin.firstOffset(of: place, notBefore: time, timeout: KafkaLimits.call)
  }
}
