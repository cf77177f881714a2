import KafkaClient
import Logging
import SequiturTopics

/// The compacted topic on which relays say what they have sent.
struct OutboxTopic: Sendable {
  let name: String
  private let kafka: KafkaConfiguration
  private let logger: Logger

  /// How long the broker may send nothing: longer than a predecessor's transaction may stay open.
  private static let silenceMax = Duration.seconds(90)

  init(applicationID: String, kafka: KafkaConfiguration, logger: Logger) {
    name = "\(applicationID)-outbox"
    self.kafka = kafka
    self.logger = logger
  }

  /// Makes the topic when it is not there: one partition, which compaction keeps short. Blocks.
  /// - Throws: ``OutboxFault`` when it is not compacted; `KafkaError`.
  func ensure() throws {
    let admin = try KafkaAdmin(configuration: kafka, logger: logger)
    if try admin.metadata(timeout: KafkaLimits.call).topic(name) == nil {
      let topic = NewTopic(name: name, partitions: 1, configuration: Self.properties)
      for result in try admin.createTopics([topic], timeout: OutboxLimits.topicCreation) {
        if let error = result.error, error.code != .topicAlreadyExists { throw error }
      }
      try waitUntilVisible(admin)
      logger.notice("created the outbox's topic", metadata: ["topic": "\(name)"])
    }
    let policy: String?
    do throws(KafkaError) {
      policy = try admin.describeTopicConfiguration(name, timeout: KafkaLimits.call)["cleanup.policy"]
    } catch {
      return logger.info("the outbox's topic is not described", metadata: ["error": "\(error)"])
    }
    guard policy == "compact" else { throw OutboxFault.notCompacted(name, policy) }
  }

  private static let properties = [
    "cleanup.policy": "compact", "segment.bytes": "\(16 << 20)", "segment.ms": "600000",
    "min.cleanable.dirty.ratio": "0.1",
  ]

  private func waitUntilVisible(_ admin: KafkaAdmin) throws(KafkaError) {
    let deadline = ContinuousClock.now + OutboxLimits.topicCreation
    while true {
      let found = try admin.metadata(timeout: KafkaLimits.call).topic(name)
      if let found, !found.partitions.isEmpty, found.partitions.allSatisfy({ $0.leader >= 0 }) { return }
      guard ContinuousClock.now < deadline else {
        throw KafkaError(
          code: .timedOut, operation: "see the new topic \(name)",
          detail: "it has no leader after \(OutboxLimits.topicCreation)", topic: name)
      }
    }
  }

  /// The last record of each of a relay's keys, up to the high watermarks of this moment. Blocks.
  ///
  /// Up to the high watermark and not to the last stable offset: a transaction may be committed with its marker still
  /// missing here (KAFKA-10167), and its record is the one that counts. Transactions that are open are waited for, so the
  /// relay's own ones must have been settled before: a dead relay's would be waited for until the broker ends it.
  /// - Throws: ``OutboxFault`` for a record that cannot be read; `KafkaError`.
  func lastRecords(of keys: RecordKeys) throws -> [String: BatchRecord] {
    var found: [String: BatchRecord] = [:]
    try read(keys, .committed) { key, record in found[key] = record }
    return found
  }

  /// What relays of the name there were, as far as it is on record. Blocks, and waits for no transaction.
  ///
  /// Also what was aborted is on record here: a claim of more shards than there were does no harm.
  /// - Throws: as ``lastRecords(of:)``.
  func survey(_ keys: RecordKeys) throws -> RelaySurvey {
    var survey = RelaySurvey()
    try read(keys, .uncommitted) { key, record in survey.add(key, record, keys) }
    return survey
  }

  private func read(
    _ keys: RecordKeys, _ isolation: PartitionScan.Isolation, _ take: (String, BatchRecord?) -> Void
  ) throws {
    let admin = try KafkaAdmin(configuration: kafka, logger: logger)
    guard let topic = try admin.metadata(timeout: KafkaLimits.call).topic(name) else {
      throw KafkaError(
        code: .unknownTopicOrPartition, operation: "read the outbox's topic", detail: "it is not there",
        topic: name)
    }
    for partition in topic.partitions.map(\.id) {
      let bounds = try admin.watermarks(topic: name, partition: partition, timeout: KafkaLimits.call)
      guard bounds.high > bounds.low else { continue }
      try read(partition, from: bounds.low, to: bounds.high, isolation, keys, take)
    }
  }

  private func read(
    _ partition: Int32, from low: Int64, to high: Int64, _ isolation: PartitionScan.Isolation,
    _ keys: RecordKeys,
    _ take: (String, BatchRecord?) -> Void
  ) throws {
    let reader = kafka.merging([
      "auto.offset.reset": "earliest", "fetch.wait.max.ms": "\(ScanLimits.fetchWait.milliseconds)",
    ])
    var scan = try PartitionScan(
      of: name, partition: partition, from: low, to: high, isolation: isolation, silenceMax: Self.silenceMax,
      kafka: reader, logger: logger)
    do {
      while !scan.isAtEnd {
        try scan.step { message in
          guard let key = message.key.map({ String(decoding: $0, as: UTF8.self) }), keys.isOwn(key) else {
            return
          }
          let place = "\(name)/\(partition)/\(message.offset)"
          take(key, try message.value.map { try BatchRecord(decoding: $0, at: place) })
        }
      }
    } catch let standstill as PartitionScan.Standstill {
      throw standstill.lastError
        ?? KafkaError(
          code: .timedOut, operation: "read the outbox's topic",
          detail: "nothing came for \(Self.silenceMax)", topic: name, partition: partition,
          offset: standstill.position, isRetriable: true)
    }
  }
}

/// What relays of a name there were.
struct RelaySurvey: Sendable {
  /// More than the largest number of any shard that a relay may have had.
  private(set) var shards = 0
  /// All relays on record.
  private(set) var relays: Set<String> = []
  /// The last claim.
  private(set) var claim: BatchRecord?

  mutating func add(_ key: String, _ record: BatchRecord?, _ keys: RecordKeys) {
    if let shard = keys.shard(of: key) { shards = max(shards, shard + 1) }
    guard let record else { return }
    relays.insert(record.relay)
    guard key == keys.claim else { return }
    claim = record
    shards = max(shards, record.shards ?? 0)
  }
}
