import KafkaClient

/// Asks the cluster for topics before work begins, so that trouble is said at once and clearly.
enum TopicLookUp {
  /// How long the broker may stay silent before it counts as unreachable.
  static let timeout = Duration.seconds(10)

  /// What the cluster knows, the named topic included. Blocks.
  /// - Throws: a ``CommandFailure`` when nobody answers or the topic is not there.
  static func metadata(_ topic: String, _ settings: KafkaSettings) throws -> ClusterMetadata {
    try metadata([topic], kafka: settings.client(), settings)
  }

  private static func metadata(
    _ topics: [String], kafka: KafkaConfiguration, _ settings: KafkaSettings
  ) throws -> ClusterMetadata {
    let admin = try KafkaAdmin(configuration: kafka, logger: settings.logger)
    let metadata: ClusterMetadata
    do {
      metadata = try admin.metadata(timeout: timeout)
    } catch {
      throw unreachable(kafka, error)
    }
    for topic in topics where metadata.topic(topic) == nil { throw missing(topic) }
    return metadata
  }

  static func unreachable(_ kafka: KafkaConfiguration, _ error: KafkaError) -> CommandFailure {
    CommandFailure(
      "Expected an answer from the Kafka cluster at \(kafka["bootstrap.servers"] ?? "(none)"), but "
        + "\(error.detail) (\(error.code.name)). Check that the broker runs and that --bootstrap-servers and "
        + "the --kafka properties are right.")
  }

  static func missing(_ topic: String) -> CommandFailure {
    CommandFailure("Expected the topic \(topic), but it does not exist. Create it: sequitur topics create.")
  }
}
