import Foundation
import KafkaClient
import LifecycleRules
import Sequitur
import SequiturTopics
import SequiturWorker
import TestBroker

/// What one test owns: four topics, a group, a folder.
final class Application: Sendable {
  let bootstrap: String
  let name: String
  let partitions: Int
  let topics: TopicNames
  let folder: URL
  let admin: KafkaAdmin
  /// Whether it is on an embedded broker, which can create no topics on demand.
  let isEmbedded: Bool

  init(partitions: Int = 1, on bootstrap: String? = nil, createsTopics: Bool = true) async throws {
    let name = TestBroker.uniqueName("worker-test")
    let bootstrap = try bootstrap ?? TestBroker.bootstrap()
    self.bootstrap = bootstrap
    self.name = name
    self.partitions = partitions
    topics = TopicNames(applicationID: name)
    isEmbedded = !createsTopics
    folder = FileManager.default.temporaryDirectory.appending(path: name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    admin = try KafkaAdmin(configuration: ["bootstrap.servers": bootstrap], logger: quiet)
    if createsTopics { try await create(topics.all) }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Creates topics of this application, and returns when the cluster knows them.
  func create(_ names: [String]) async throws {
    try await onThread { [self] in
      let new = names.map { name in
        NewTopic(
          name: name, partitions: partitions, replicationFactor: 1,
          configuration: name == topics.changelog ? ["cleanup.policy": "compact"] : ["retention.ms": "-1"])
      }
      for result in try admin.createTopics(new, timeout: .seconds(20)) {
        if let error = result.error { throw error }
      }
    }
    try await eventually("the topics to be there") { try await hasAll(names) }
  }

  /// Deletes topics of this application, and returns when they are gone.
  func delete(_ names: [String]) async throws {
    try await onThread { [self] in
      for result in try admin.deleteTopics(names, timeout: .seconds(20)) {
        if let error = result.error { throw error }
      }
    }
    try await eventually("the topics to be gone") {
      try await onThread { [self] in
        let metadata = try admin.metadata(timeout: .seconds(10))
        return names.allSatisfy { metadata.topic($0)?.partitions.isEmpty ?? true }
      }
    }
  }

  private func hasAll(_ names: [String]) async throws -> Bool {
    try await onThread { [self] in
      let metadata = try admin.metadata(timeout: .seconds(10))
      return names.allSatisfy { name in
        guard let topic = metadata.topic(name) else { return false }
        return topic.partitions.count == partitions && topic.partitions.allSatisfy { $0.leader >= 0 }
      }
    }
  }

  /// Writes the rules of most tests to a file; its path.
  func writeOrderRules() throws -> String {
    let path = folder.appending(path: "orders.yaml").path
    try Data(orderRules.utf8).write(to: URL(filePath: path))
    return path
  }

  /// The state directory of a worker.
  func stateDirectory(_ instance: String) -> URL { folder.appending(path: "state-\(instance)") }

  func configuration(_ instance: String = "one", lanes: Int = 1) -> WorkerConfiguration {
    var configuration = WorkerConfiguration(applicationID: name, lanes: lanes)
    configuration.bootstrapServers = bootstrap
    configuration.topics = topics
    configuration.instanceID = instance
    configuration.stateDirectory = stateDirectory(instance).path
    return configuration
  }

  // MARK: Offsets

  /// The ends of a topic's partitions, records of open transactions and control records included.
  func ends(_ topic: String) async throws -> [Int32: Int64] {
    try await onThread { [self] in
      var ends: [Int32: Int64] = [:]
      for partition in 0..<Int32(partitions) {
        ends[partition] = try admin.watermarks(topic: topic, partition: partition, timeout: .seconds(20)).high
      }
      return ends
    }
  }

  /// The same as a `read_committed` consumer sees it: below the first open transaction.
  func committedEnds(_ topic: String) async throws -> [Int32: Int64] {
    try await onThread { [self] in
      let consumer = try KafkaConsumer(
        configuration: ["bootstrap.servers": bootstrap, "isolation.level": "read_committed"], logger: quiet)
      var ends: [Int32: Int64] = [:]
      for partition in 0..<Int32(partitions) {
        ends[partition] =
          try consumer.watermarks(topic: topic, partition: partition, timeout: .seconds(20)).high
      }
      return ends
    }
  }

  /// Records on the two outcome topics, roughly: control records and aborted ones count.
  func progress() async throws -> Int64 {
    try await ends(topics.valid).values.reduce(0, +) + ends(topics.invalid).values.reduce(0, +)
  }

  /// The group's committed positions.
  func positions() async throws -> [Int32: Int64] {
    try await onThread { [self] in
      let consumer = try KafkaConsumer(
        configuration: ["bootstrap.servers": bootstrap, "group.id": name], logger: quiet)
      let all = (0..<Int32(partitions)).map { TopicPartition(topic: topics.commands, partition: $0) }
      let positions = try consumer.committed(all, timeout: .seconds(20))
      return Dictionary(uniqueKeysWithValues: positions.map { ($0.key.partition, $0.value) })
    }
  }

  /// Returns when the group has committed everything that is on the commands topic.
  func caughtUp(within time: Duration = .seconds(60)) async throws {
    let ends = try await ends(topics.commands).filter { $0.value > 0 }
    try await eventually("the group to reach the ends of the commands topic", within: time) {
      try await positions() == ends
    }
  }
}

/// The rules of most tests: those of the design, in short.
let orderRules = """
  object: order
  fields: {customer: string, total: integer}
  states: [open, paid]
  commands:
    create: {from: none, to: open, event: created, require: {customer: string, total: integer}, set: [customer, total]}
    amend: {from: open, to: open, event: amended, require: {total: integer}, when: ["total > 0"], set: [total]}
    pay: {from: open, to: paid, event: paid}
    purge: {from: [open, paid], to: none, event: purged}
  """

func orderDecider() -> @Sendable () -> LifecycleDecider {
  do {
    let rules = try RulesFile.parse(orderRules, path: "orders.yaml")
    return { LifecycleDecider(rules) }
  } catch {
    preconditionFailure("the test's own rules: \(error)")
  }
}
