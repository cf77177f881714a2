import Foundation
import KafkaClient
import Logging
import SequiturTopics
import TerminalView

/// The broker a demo runs on, with its topics: one of this process, or a real one.
package struct DemoCluster: Sendable {
  /// What the embedded broker's log of one partition holds, measured in commands with the records made of them:
  /// it drops the oldest records beyond 5 MiB.
  package static let embeddedCommandsMax = 12_500

  let bootstrapServers: String
  package let applicationID: String
  package let topics: TopicNames
  package let partitions: Int
  /// Nil for a real broker. It lives as long as this does.
  package let embedded: EmbeddedBroker?
  /// The user's properties.
  let properties: KafkaConfiguration

  /// Starts a broker in this process.
  /// - Parameter properties: the user's.
  package init(
    embeddedWith partitions: Int, kafka properties: KafkaConfiguration, logger: Logger
  ) throws {
    let broker = try EmbeddedBroker(logger: logger)
    embedded = broker
    bootstrapServers = broker.bootstrapServers
    applicationID = "demo"
    topics = TopicNames(applicationID: applicationID)
    self.partitions = partitions
    self.properties = properties
    for topic in topics.all { try broker.createTopic(topic, partitions: partitions) }
  }

  /// Creates topics of a name of their own on a real broker. Blocks.
  /// - Parameter properties: the user's.
  package init(
    _ bootstrapServers: String, partitions: Int, kafka properties: KafkaConfiguration, logger: Logger
  ) throws {
    embedded = nil
    self.bootstrapServers = bootstrapServers
    let name = String(UUID().uuidString.lowercased().prefix(8))
    applicationID = "sequitur-demo-\(name)"
    topics = TopicNames(applicationID: applicationID)
    self.partitions = partitions
    self.properties = properties
    let setup = TopicSetup(
      topics: topics, of: applicationID,
      kafka: Self.client(bootstrapServers, properties), logger: logger)
    let report = setup.createBlocking(TopicShape(partitions: partitions))
    guard report.errors.isEmpty else {
      throw CommandFailure(report.errors.map(\.description).joined(separator: "\n"))
    }
  }

  /// A client's configuration.
  package var client: KafkaConfiguration { Self.client(bootstrapServers, properties) }

  private static func client(_ servers: String, _ properties: KafkaConfiguration) -> KafkaConfiguration {
    let base: KafkaConfiguration = ["bootstrap.servers": servers]
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
