import KafkaClient
import Sequitur
import SequiturWorker

/// Asks the cluster for topics before work begins, so that trouble is said at once and clearly.
enum TopicLookUp {
  /// How long the broker may stay silent before it counts as unreachable.
  static let timeout = Duration.seconds(10)

  /// What the cluster knows, the named topic included. Blocks.
  /// - Throws: a ``CommandFailure`` when it can be no topic's name, nobody answers, or the topic is not there.
  static func metadata(_ topic: String, _ settings: KafkaSettings) throws -> ClusterMetadata {
    if let reason = TopicName.fault(topic) {
      throw CommandFailure(
        "Expected a topic's name, but found `\(ShownText.line(topic, atMost: 80))`: \(reason). In Kafka "
          + "\(TopicName.rule).")
    }
    return try metadata([topic], kafka: settings.client(), settings)
  }

  private static func metadata(
    _ topics: [String], kafka: KafkaConfiguration, _ settings: KafkaSettings
  ) throws -> ClusterMetadata {
    let metadata: ClusterMetadata
    do {
      let admin = try KafkaAdmin(configuration: kafka, logger: settings.logger)
      metadata = try admin.metadata(timeout: timeout)
    } catch {
      throw unreachable(kafka, error)
    }
    for topic in topics where metadata.topic(topic) == nil { throw missing(topic) }
    return metadata
  }

  static func unreachable(_ kafka: KafkaConfiguration, _ error: KafkaError) -> CommandFailure {
    CommandFailure("\(TopicFault.unreachable(kafka["bootstrap.servers"] ?? "(none)", error))")
  }

  static func missing(_ topic: String) -> CommandFailure { CommandFailure("\(TopicFault.missing(topic))") }
}
