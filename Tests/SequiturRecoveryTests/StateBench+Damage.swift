import Foundation
import KafkaClient
import PartitionEngine
import RocksDB
import SequiturInspection
import SequiturTopics
import TestBroker
import Testing

@testable import SequiturWorker

/// Doing damage to partition 0, and looking at it.
extension StateBench {
  // MARK: What is there

  /// The changelog's first offset and its high watermark.
  func changelogBounds() throws -> (low: Int64, high: Int64) {
    let bounds = try admin().watermarks(topic: topics.changelog, partition: 0, timeout: .seconds(10))
    return (bounds.low, bounds.high)
  }

  /// What the store stands for.
  func storedFigures() throws -> InspectedPartition {
    try StoreInspection(stateDirectory: stateDirectory).figures(of: 0, isExact: false)
  }

  /// The incarnation that the changelog's last checkpoint names.
  func changelogIncarnation() throws -> String? {
    try records(of: topics.changelog).last { $0.key.isEmpty }?.header("incarnation")
  }

  /// The group's position; `nil` when it has none.
  func groupPosition() throws -> Int64? {
    let consumer = try KafkaConsumer(
      configuration: kafka.merging(["group.id": name]), logger: log.logger)
    let commands = TopicPartition(topic: topics.commands, partition: 0)
    return try consumer.committed([commands], timeout: .seconds(10))[commands]
  }

  /// The directories of stores that were set aside.
  func storesSetAside() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: stateDirectory)
      .filter { $0.hasPrefix("store.damaged-") }
  }

  // MARK: The changelog

  /// Deletes the changelog's records below an offset.
  func truncateChangelog(before offset: Int64) throws {
    try unlessTestBrokerCannot {
      // Kafka deletes no records of a topic that is only compacted.
      try alter(topics.changelog, "cleanup.policy", "delete")
      defer { try? alter(topics.changelog, "cleanup.policy", "compact") }
      try admin().deleteRecords(
        before: [TopicPartitionOffset(topic: topics.changelog, partition: 0, offset: offset)],
        timeout: .seconds(10))
      let low = try changelogBounds().low
      if low != offset { throw NotTruncated(logStart: low) }
    }
  }

  /// Carries out what every Kafka can. The test broker may not: then the test is cancelled, and says so.
  func unlessTestBrokerCannot(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch  where !TestBroker.isOutside {
      try Test.cancel("The test broker cannot do this: \(error)")
    }
  }

  /// Deletes topics and creates them again, empty.
  func recreate(_ names: [String]) async throws {
    try unlessTestBrokerCannot {
      for case let error? in try admin().deleteTopics(names, timeout: .seconds(10)).map(\.error) {
        throw error
      }
    }
    // A topic that was deleted a moment ago may not be gone yet.
    try await eventually("the topics are there again", within: .seconds(30)) {
      let report = await TopicSetup(topics: topics, of: name, kafka: kafka, logger: log.logger)
        .create(TopicShape(partitions: partitions))
      guard report.errors.isEmpty else { return false }
      // The broker may still tell of the deleted ones, or not yet of the new ones.
      return names.allSatisfy {
        (try? admin().watermarks(topic: $0, partition: 0, timeout: .seconds(10)).high) == 0
      }
    }
  }

  /// Deletes the group's offsets, as soon as its members' sessions are over: a static member stays until then.
  func deleteGroupOffsets() async throws {
    try await eventually("the group's offsets to be deleted", within: .seconds(30)) {
      var isDeleted = true
      try unlessTestBrokerCannot {
        do {
          try admin().deleteConsumerGroupOffsets(
            group: name, partitions: [TopicPartition(topic: topics.commands, partition: 0)],
            timeout: .seconds(10))
        } catch let error as KafkaError where error.code.name == "GROUP_SUBSCRIBED_TO_TOPIC" {
          isDeleted = false
        }
      }
      return isDeleted
    }
  }

  /// Commits a position for the group, in a transaction: a static member stays in its group until its session
  /// ends, and keeps others from committing in another way.
  func setGroupPosition(_ position: Int64) throws {
    let script = """
      import sys
      from confluent_kafka import Consumer, Producer, TopicPartition
      servers, group, topic, position = sys.argv[1:]
      consumer = Consumer({"bootstrap.servers": servers, "group.id": group})
      producer = Producer({"bootstrap.servers": servers, "transactional.id": group + "-reset"})
      producer.init_transactions()
      producer.begin_transaction()
      offsets = [TopicPartition(topic, 0, int(position))]
      producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata())
      producer.commit_transaction()
      """
    try runPython(script, [name, topics.commands, "\(position)"])
  }

  /// Leaves a transaction on the changelog that was aborted after its checkpoint had arrived.
  func leaveAbortedCheckpoint(_ position: Int64) throws {
    let script = """
      import sys
      from confluent_kafka import Producer
      servers, group, topic, value = sys.argv[1:]
      producer = Producer({"bootstrap.servers": servers, "transactional.id": group + "-aborted"})
      producer.init_transactions()
      producer.begin_transaction()
      producer.produce(topic, key=b"", value=value.encode(), partition=0)
      assert producer.flush(30) == 0
      producer.abort_transaction()
      """
    let value = #"{"format":1,"position":\#(position),"partitions":1}"#
    try runPython(script, [name, topics.changelog, value])
  }

  /// Changes a topic's property, by the Python client. Others of the topic go back to their defaults, but the
  /// changelog stays compacted.
  func alter(_ topic: String, _ name: String, _ value: String) throws {
    let script = """
      import sys
      from confluent_kafka.admin import AdminClient, ConfigResource
      servers, topic, *words = sys.argv[1:]
      admin = AdminClient({"bootstrap.servers": servers})
      resource = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config=dict(zip(words[::2], words[1::2])))
      for future in admin.alter_configs([resource]).values():
          future.result(10)
      """
    let isCompacted = topic == topics.changelog && name != "cleanup.policy"
    try runPython(script, [topic, name, value] + (isCompacted ? ["cleanup.policy", "compact"] : []))
  }

  private func runPython(_ script: String, _ arguments: [String]) throws {
    let process = Process()
    let python: URL = try #require(PackageRoot.python)
    process.executableURL = python
    process.arguments = ["-c", script, kafka["bootstrap.servers"]!] + arguments
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw ScriptFailed(script: script, arguments: arguments) }
  }

  // MARK: The store's files

  /// The manifest, `CURRENT`, or the largest table.
  func storeFile(_ kind: Substring) throws -> String {
    let store = stateDirectory + "/store"
    switch kind {
    case "CURRENT": return store + "/CURRENT"
    case "MANIFEST":
      let names = try FileManager.default.contentsOfDirectory(atPath: store)
      return store + "/" + (try #require(names.first { $0.hasPrefix("MANIFEST-") }))
    default: return try #require(try TemporaryDirectory.files(in: store, endingWith: ".sst").first)
    }
  }

  static func cut(_ file: String) throws {
    let bytes = try Data(contentsOf: URL(filePath: file))
    try bytes.prefix(bytes.count / 2).write(to: URL(filePath: file))
  }

  /// Inverts 64 bytes at each of these places of a file.
  static func flipBytes(of file: String, fractions: [Double]) throws {
    var bytes = try Data(contentsOf: URL(filePath: file))
    for fraction in fractions {
      let index = Int(Double(bytes.count) * fraction)
      for offset in index..<min(index + 64, bytes.count) { bytes[offset] ^= 0xff }
    }
    try bytes.write(to: URL(filePath: file))
  }
}

/// Records are still there that were to be deleted.
private struct NotTruncated: Error {
  let logStart: Int64
}

/// The Python client could not do what was asked.
private struct ScriptFailed: Error {
  let script: String
  let arguments: [String]
}
