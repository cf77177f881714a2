import Foundation
import KafkaClient
import Logging
import SequiturWorker

/// The broker a demo runs on, with its topics: one of this process, or a real one.
struct DemoCluster: Sendable {
  /// What the embedded broker's log of one partition holds, measured in commands with the records made of them:
  /// it drops the oldest records beyond 5 MiB.
  static let embeddedCommandsMax = 12_500

  let bootstrapServers: String
  let applicationID: String
  let topics: TopicNames
  let partitions: Int
  /// Nil for a real broker. It lives as long as this does.
  let embedded: EmbeddedBroker?
  /// The user's properties.
  let properties: KafkaConfiguration

  /// Starts a broker in this process.
  init(embeddedWith partitions: Int, _ settings: KafkaSettings) throws {
    let broker = try EmbeddedBroker(logger: settings.logger)
    embedded = broker
    bootstrapServers = broker.bootstrapServers
    applicationID = "demo"
    topics = TopicNames(applicationID: applicationID)
    self.partitions = partitions
    properties = settings.properties
    for topic in topics.all { try broker.createTopic(topic, partitions: partitions) }
  }

  /// Creates topics of a name of their own on a real broker. Blocks.
  init(_ bootstrapServers: String, partitions: Int, _ settings: KafkaSettings) throws {
    embedded = nil
    self.bootstrapServers = bootstrapServers
    let name = String(UUID().uuidString.lowercased().prefix(8))
    applicationID = "sequitur-demo-\(name)"
    topics = TopicNames(applicationID: applicationID)
    self.partitions = partitions
    properties = settings.properties
    let setup = TopicSetup(
      topics: topics, of: applicationID, kafka: settings.client(), logger: settings.logger)
    let report = setup.createBlocking(TopicShape(partitions: partitions))
    guard report.errors.isEmpty else {
      throw CommandFailure(report.errors.map(\.description).joined(separator: "\n"))
    }
  }

  /// A client's configuration.
  var client: KafkaConfiguration {
    let base: KafkaConfiguration = ["bootstrap.servers": bootstrapServers]
    return base.merging(properties)
  }

  var name: String {
    embedded == nil ? "broker \(bootstrapServers)" : "embedded broker \(bootstrapServers)"
  }

  /// What a run on this broker does not prove.
  var notShown: [String] {
    guard embedded != nil else { return [] }
    return [
      "The embedded broker does not isolate or fence transactions and forgets the group's offsets, so this run "
        + "shows one outcome for each command, but not that crashes keep it so: run against a real broker "
        + "(--bootstrap-servers)."
    ]
  }
}
