import BlockingThreads
import Foundation
import KafkaClient
import Logging
import Sequitur

/// Creates and checks an application's four topics.
///
/// Guarantees: all faults are found together, each with its cure; nothing is changed by a check; a topic that
/// exists is never altered. Every wait is bounded by the time-outs.
///
/// The methods with `async` run their blocking calls on a thread of their own.
public struct TopicSetup: Sendable {
  /// The topics that are created and checked.
  public let topics: TopicNames
  /// Whose topics they are: the outputs may hold nobody else's records.
  public let applicationID: String
  /// With `bootstrap.servers`.
  let kafka: KafkaConfiguration
  let logger: Logger
  /// How long the broker may stay silent before it counts as unreachable. Default 10 s.
  public var startupTimeout = KafkaLimits.call
  /// How long new topics may take to be seen with all their partitions. Default 30 s.
  public var visibilityTimeout = Duration.seconds(30)
  /// One call about one topic. Default 10 s.
  public var callTimeout = KafkaLimits.call
  /// Whether another application's records on an output topic are a warning, and no error. Default false.
  public var acceptsForeignRecords = false

  /// How long the workers keep the command ids of forgotten objects: the changelog must keep tombstones for longer. Default as
  /// that of `Limits`.
  public var forgetAfter = Limits().forgetAfter

  /// - Parameters:
  ///   - topics: the topics to create or to check.
  ///   - applicationID: whose they are.
  ///   - kafka: librdkafka's properties, `bootstrap.servers` among them.
  ///   - logger: where the client logs.
  public init(
    topics: TopicNames, of applicationID: String, kafka: KafkaConfiguration, logger: Logger
  ) {
    self.topics = topics
    self.applicationID = applicationID
    self.kafka = kafka
    self.logger = logger
  }

  /// Looks at the topics; on a thread of its own.
  public func check() async -> TopicReport {
    await withBlockingThread("topics") { checkBlocking() }
  }

  /// Creates the missing topics and looks at all; on a thread of its own.
  public func create(_ shape: TopicShape) async -> TopicReport {
    await withBlockingThread("topics") { createBlocking(shape) }
  }

  /// Looks at the topics. Blocks.
  public func checkBlocking() -> TopicReport {
    withAdmin { admin throws(KafkaError) in try inspect(admin) }
  }

  /// Creates the missing topics, waits until they can be used, and looks at all. Blocks.
  ///
  /// A topic that exists is left as it is; a fault says so when it has another shape.
  public func createBlocking(_ shape: TopicShape) -> TopicReport {
    withAdmin { admin throws(KafkaError) in
      let existing = try found(admin.metadata(timeout: startupTimeout))
      let missing = topics.all.filter { existing[$0] == nil }
      var faults = existing.sorted { $0.key < $1.key }.compactMap { name, topic in
        topic.partitions.count == shape.partitions
          ? nil : TopicFault.otherShape(name, found: topic.partitions.count, asked: shape.partitions)
      }
      // Nothing is created beside topics of another shape: the count could not be corrected afterwards.
      guard faults.isEmpty else { return TopicReport(faults: faults) }
      faults = try create(missing, shape, admin)
      guard faults.isEmpty else { return TopicReport(faults: faults) }
      try waitUntilVisible(admin, partitions: shape.partitions)
      var report = try inspect(admin)
      report.created = missing
      return report
    }
  }

  /// Names that no topic can have are told without asking the cluster, which knows no such topics.
  private func withAdmin(_ body: (KafkaAdmin) throws(KafkaError) -> TopicReport) -> TopicReport {
    let faults = topics.nameFaults(of: applicationID)
    guard faults.isEmpty else { return TopicReport(faults: faults) }
    do throws(KafkaError) {
      return try body(KafkaAdmin(configuration: kafka, logger: logger))
    } catch {
      return TopicReport(faults: [.unreachable(kafka["bootstrap.servers"] ?? "(none)", error)])
    }
  }

  /// The topics of ours that the cluster has, by name.
  func found(_ metadata: ClusterMetadata) -> [String: ClusterMetadata.Topic] {
    var found: [String: ClusterMetadata.Topic] = [:]
    for name in topics.all { found[name] = metadata.topic(name) }
    return found
  }

  private func create(
    _ names: [String], _ shape: TopicShape, _ admin: KafkaAdmin
  ) throws(KafkaError) -> [TopicFault] {
    guard !names.isEmpty else { return [] }
    let new = names.map { name in
      NewTopic(
        name: name, partitions: shape.partitions, replicationFactor: shape.replicationFactor,
        configuration: configuration(of: name))
    }
    let results = try admin.createTopics(new, timeout: visibilityTimeout)
    // Another worker may have created one meanwhile: the check that follows judges its shape.
    return results.compactMap { result in
      result.error.flatMap { $0.code == .topicAlreadyExists ? nil : TopicFault.notCreated(result.topic, $0) }
    }
  }

  /// How long each topic keeps its records: the valid topic is the book of record.
  private func configuration(of name: String) -> [String: String] {
    switch name {
    case topics.changelog:
      ["cleanup.policy": "compact", "delete.retention.ms": "\(deleteRetentionMilliseconds)"]
    case topics.valid:
      // The events' timestamps are their commands', whatever the cluster's default is.
      [
        "cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1",
        "message.timestamp.type": "CreateTime",
      ]
    case topics.invalid: ["cleanup.policy": "delete", "retention.ms": "\(Self.invalidRetentionMilliseconds)"]
    default: ["cleanup.policy": "delete", "retention.ms": "\(Self.commandsRetentionMilliseconds)"]
    }
  }

  /// How long a new changelog keeps tombstones: Kafka's default of a day, and twice as long as they are wanted.
  private var deleteRetentionMilliseconds: Int64 { max(86_400_000, 2 * forgetAfter.milliseconds) }

  /// Seven days.
  static let commandsRetentionMilliseconds = 7 * 24 * 3600 * 1000
  /// Thirty days.
  static let invalidRetentionMilliseconds = 30 * 24 * 3600 * 1000

  private func waitUntilVisible(_ admin: KafkaAdmin, partitions: Int) throws(KafkaError) {
    let deadline = ContinuousClock.now + visibilityTimeout
    while true {
      let seen = try found(admin.metadata(timeout: callTimeout))
      let isComplete = topics.all.allSatisfy { name in
        guard let topic = seen[name] else { return false }
        return topic.partitions.count >= partitions && topic.partitions.allSatisfy { $0.leader >= 0 }
      }
      if isComplete { return }
      guard ContinuousClock.now < deadline else {
        throw KafkaError(
          code: .timedOut, operation: "see all partitions of the new topics",
          detail: "some have no leader after \(visibilityTimeout)")
      }
      Thread.sleep(forTimeInterval: 0.05)
    }
  }
}
