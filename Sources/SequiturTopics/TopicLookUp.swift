import KafkaClient
import Logging
import ReadableText

/// Asks the cluster for topics before work begins, so that trouble is said at once and clearly.
package enum TopicLookUp {
  /// How long the broker may stay silent before it counts as unreachable.
  package static let timeout = KafkaLimits.call

  /// What the cluster knows, the named topic included. Blocks.
  /// - Throws: a ``TopicFault`` when it can be no topic's name, nobody answers, or the topic is not there.
  package static func metadata(
    _ topic: String, kafka: KafkaConfiguration, logger: Logger
  ) throws(TopicFault) -> ClusterMetadata {
    if let reason = TopicName.fault(topic) {
      throw TopicFault(
        .name, topic: topic,
        "Expected a topic's name, but found `\(ShownText.line(topic, atMost: 80))`: \(reason).",
        cure: "In Kafka \(TopicName.rule).")
    }
    let metadata: ClusterMetadata
    do {
      let admin = try KafkaAdmin(configuration: kafka, logger: logger)
      metadata = try admin.metadata(timeout: timeout)
    } catch {
      throw unreachable(kafka, error)
    }
    if metadata.topic(topic) == nil { throw .missing(topic) }
    return metadata
  }

  package static func unreachable(_ kafka: KafkaConfiguration, _ error: KafkaError) -> TopicFault {
    .unreachable(kafka["bootstrap.servers"] ?? "(none)", error)
  }
}
