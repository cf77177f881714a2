import KafkaClient
import Logging
import TestBroker

let quiet = Logger(label: "command-tests") { _ in SwiftLogNoOpLogHandler() }

/// Four topics of one test.
struct TopicFixture {
  let bootstrap: String
  let applicationID = TestBroker.uniqueName("app")
  let commands = TestBroker.uniqueName("commands")
  let valid = TestBroker.uniqueName("valid")
  let invalid = TestBroker.uniqueName("invalid")
  let changelog = TestBroker.uniqueName("changelog")
  let partitions: Int

  /// - Parameters:
  ///   - creates: false for names only.
  ///   - broker: another one than the shared.
  init(partitions: Int = 1, creates: Bool = true, on broker: String? = nil) throws {
    bootstrap = try broker ?? TestBroker.bootstrap()
    self.partitions = partitions
    if creates { try create() }
  }

  /// The options that name them.
  var arguments: [String] {
    [
      "--bootstrap-servers", bootstrap, "--application-id", applicationID, "--commands-topic", commands,
      "--valid-topic", valid, "--invalid-topic", invalid, "--changelog-topic", changelog,
    ]
  }

  var client: KafkaConfiguration { ["bootstrap.servers": bootstrap] }

  /// Creates one topic.
  func create(_ name: String, partitions: Int, _ configuration: [String: String] = [:]) throws {
    let admin = try KafkaAdmin(configuration: client, logger: quiet)
    let topic = NewTopic(name: name, partitions: partitions, configuration: configuration)
    for result in try admin.createTopics([topic], timeout: .seconds(20)) {
      if let error = result.error { throw error }
    }
    let deadline = ContinuousClock.now + .seconds(20)
    while try admin.metadata(topic: name, timeout: .seconds(10)).topic(name)?.partitions.count != partitions {
      guard ContinuousClock.now < deadline else { throw FixtureFault.notVisible(name) }
    }
  }

  private func create() throws {
    for name in [commands, valid, invalid] { try create(name, partitions: partitions) }
    try create(changelog, partitions: partitions, ["cleanup.policy": "compact"])
  }

  /// All committed records of a topic, by partition and offset.
  func read(_ topic: String, partitions: Int? = nil) throws -> [Record] {
    let count = partitions ?? self.partitions
    var configuration = client
    configuration["enable.partition.eof"] = "true"
    let consumer = try KafkaConsumer(configuration: configuration, logger: quiet)
    try consumer.assign(
      (0..<count).map {
        TopicPartitionOffset(topic: topic, partition: Int32($0), offset: TopicPartitionOffset.beginning)
      })
    var records: [Record] = []
    var ended = 0
    var batch = MessageBatch(capacity: 100)
    let deadline = ContinuousClock.now + .seconds(30)
    while ended < count {
      guard ContinuousClock.now < deadline else { throw FixtureFault.notVisible(topic) }
      for index in 0..<consumer.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(100)) {
        if batch[index].isEndOfPartition {
          ended += 1
        } else if let error = batch[index].error {
          throw error
        } else {
          records.append(Record(batch[index]))
        }
      }
    }
    return records
  }
}

enum FixtureFault: Error {
  case notVisible(String)
}

/// A copy of a record.
struct Record {
  var partition: Int32
  var offset: Int64
  var key: [UInt8]?
  var value: [UInt8]?
  var headers: [String]

  init(_ message: borrowing Message) {
    partition = message.partition
    offset = message.offset
    key = message.key.map { Array($0) }
    value = message.value.map { Array($0) }
    var headers: [String] = []
    _ = message.forEachHeader { name, value in
      let text = value.map { String(decoding: $0, as: UTF8.self) } ?? "<null>"
      headers.append("\(String(decoding: name, as: UTF8.self))=\(text)")
    }
    self.headers = headers
  }
}
