import Foundation
import KafkaClient
import Logging
import NoteDecider
import RocksDB
import Sequitur
import SequiturInspection
import SequiturTopics
import Synchronization
import TestBroker
import Testing
import WorkerEventLog

@testable import SequiturWorker

/// An application of its own for one test: topics, a state directory, workers, and what they did.
struct StateBench {
  let name = TestBroker.uniqueName("state")
  let directory: TemporaryDirectory
  let partitions: Int
  let kafka: KafkaConfiguration
  let log = LogRecorder()
  /// What its workers told.
  let events = WorkerEventLog()

  init(partitions: Int = 1) throws {
    self.partitions = partitions
    directory = try TemporaryDirectory()
    kafka = ["bootstrap.servers": try TestBroker.bootstrap()]
  }

  var topics: TopicNames { TopicNames(applicationID: name) }

  var stateDirectory: String { directory.path + "/state" }

  var configuration: WorkerConfiguration {
    var configuration = WorkerConfiguration(applicationID: name, lanes: 1)
    configuration.bootstrapServers = kafka["bootstrap.servers"]!
    configuration.topics = topics
    configuration.stateDirectory = stateDirectory
    configuration.instanceID = "one"
    configuration.stopsWhenCaughtUp = true
    return configuration
  }

  func admin() throws -> KafkaAdmin { try KafkaAdmin(configuration: kafka, logger: log.logger) }

  func createTopics() async throws {
    let report = await TopicSetup(topics: topics, of: name, kafka: kafka, logger: log.logger)
      .create(TopicShape(partitions: partitions))
    try #require(report.errors.isEmpty, "\(report.errors)")
  }

  /// Runs a worker until it has processed all there is.
  @discardableResult
  func work(
    schemaVersion: Int = 1, _ change: (inout WorkerConfiguration) -> Void = { _ in }
  ) async throws -> WorkerStatistics.Snapshot {
    var configuration = configuration
    change(&configuration)
    let worker = Worker(configuration, logger: log.logger) { NoteDecider(schemaVersion: schemaVersion) }
    events.add(worker)
    let result = await Task { try await worker.run() }.result
    await events.finished()
    try result.get()
    return worker.statistics.snapshot
  }

  /// Sends commands and returns when the broker has them.
  func send(_ commands: [(key: String, payload: String)]) throws {
    let producer = try KafkaProducer(configuration: kafka, logger: log.logger)
    let topic = try producer.topic(topics.commands)
    for command in commands {
      try Array(command.key.utf8).withUnsafeBytes { key in
        try Array(command.payload.utf8).withUnsafeBytes { payload in
          try producer.produce(topic: topic, key: key, value: payload)
        }
      }
    }
    try producer.flush(timeout: .seconds(30))
  }

  /// Sends one note to each of `count` keys.
  func sendNotes(_ count: Int, text: String) throws {
    try send((0..<count).map { ("key-\($0)", text) })
  }

  // MARK: What came out

  /// The committed records of a topic, by partition and in order.
  func records(of topic: String) throws -> [StateRecord] {
    try (0..<Int32(partitions)).flatMap { try records(of: topic, $0) }
  }

  /// The objects as the valid topic's events make them.
  func fold() throws -> [String: String] {
    var notes: [String: NoteDecider.Note] = [:]
    for record in try records(of: topics.valid) {
      let event: NoteDecider.Event =
        record.header("ce_type") == "forgotten" ? .forgotten : .noted(record.value ?? [])
      notes[record.key] = NoteDecider().evolve(notes[record.key], by: event)
    }
    return notes.mapValues { "\($0.count) \(String(decoding: $0.text, as: UTF8.self))" }
  }

  /// The objects in the store.
  func stored() throws -> [String: String] {
    let inspection = try StoreInspection(stateDirectory: stateDirectory)
    var objects: [String: String] = [:]
    for partition in inspection.partitions {
      try inspection.forEachObject(in: partition) { object in
        objects[String(decoding: object.key, as: UTF8.self)] = String(decoding: object.state, as: UTF8.self)
      }
    }
    return objects
  }

  /// How many events each key has, which must be numbered without gap.
  func expectGaplessVersions() throws {
    var versions: [String: Int] = [:]
    for record in try records(of: topics.valid) {
      let expected = versions[record.key, default: 0] + 1
      #expect(record.header("ce_sequence") == "\(expected)", "\(record.key)")
      versions[record.key] = record.header("ce_type") == "forgotten" ? 0 : expected
    }
  }

  private func records(of topic: String, _ partition: Int32) throws -> [StateRecord] {
    let consumer = try KafkaConsumer(
      configuration: kafka.merging([
        "isolation.level": "read_committed", "enable.partition.eof": "true", "auto.offset.reset": "earliest",
      ]), logger: log.logger)
    let bounds = try consumer.watermarks(topic: topic, partition: partition, timeout: .seconds(10))
    try consumer.assign([TopicPartitionOffset(topic: topic, partition: partition, offset: bounds.low)])
    var batch = MessageBatch(capacity: 500)
    var records: [StateRecord] = []
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      consumer.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(50))
      for index in 0..<batch.count {
        let message = batch[index]
        if message.isEndOfPartition, message.offset >= bounds.high { return records }
        if message.isRecord { records.append(StateRecord(message)) }
      }
    }
    throw RecordsMissing(topic: topic, partition: partition, found: records.count)
  }
}

struct RecordsMissing: Error {
  let topic: String
  let partition: Int32
  let found: Int
}

/// A committed record, as a copy.
struct StateRecord {
  let key: String
  let value: [UInt8]?
  let offset: Int64
  private let headers: [(String, String)]

  init(_ message: borrowing Message) {
    key = message.key.map { String(decoding: $0, as: UTF8.self) } ?? ""
    value = message.value.map { Array($0) }
    offset = message.offset
    var headers: [(String, String)] = []
    _ = message.forEachHeader { name, value in
      headers.append(
        (
          String(decoding: name, as: UTF8.self),
          String(decoding: value ?? UnsafeRawBufferPointer(start: nil, count: 0), as: UTF8.self)
        ))
    }
    self.headers = headers
  }

  func header(_ name: String) -> String? { headers.last { $0.0 == name }?.1 }
}
