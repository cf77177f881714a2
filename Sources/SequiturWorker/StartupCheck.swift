import KafkaClient
import Logging
import Sequitur

/// What a worker looks at before it joins its group.
struct StartupCheck {
  let partitions: Int32
  let limits: Limits

  init(_ configuration: WorkerConfiguration, admin: KafkaAdmin, logger: Logger) throws {
    let metadata = try admin.metadata(timeout: configuration.timeouts.startup)
    guard let topic = metadata.topic(configuration.topics.commands) else {
      throw StateDirectoryFault.notWritable(path: "", reason: "no topic")
    }
    partitions = Int32(topic.partitions.count)
    limits = configuration.limits
  }
}
