import CRdKafka
import Logging
import Synchronization
import TestBroker

@testable import KafkaClient

/// A cluster that is reached over the network, by this project's client: topics and a group of its own.
final class KafkaCluster: Cluster {
  /// A producer, and whether it has begun a transaction.
  private final class Producer {
    let client: TransactionalProducer
    let deliveries: Deliveries
    var isOpen = false

    init(client: TransactionalProducer, deliveries: Deliveries) {
      self.client = client
      self.deliveries = deliveries
    }
  }

  static let logger = Logger(label: "conformance") { _ in SwiftLogNoOpLogHandler() }
  /// What a client waits for one answer.
  private static let callTimeout = Duration.seconds(30)
  /// What a scenario waits for a broker to get round to something: a log cleaner looks every 15 s.
  ///
  /// The embedded broker refuses a member that synchronizes after the leader, as an invalid request, where Kafka
  /// answers with the assignment. The member joins again, which takes the session less a second, and may be late
  /// again: with the cores taken by others it took up to 25 s.
  let patience = Duration.seconds(75)

  let configuration: KafkaConfiguration
  private let admin: KafkaAdmin
  private let name = TestBroker.uniqueName("conformance")
  private var producers: [String: Producer] = [:]
  private var fillers = 0
  /// Lives as long as its clients.
  private let embedded: EmbeddedBroker?
  var members: [String: KafkaMember] = [:]
  var memberships: [MembershipBox] = []

  /// - Parameter embedded: the broker at that address, if it is one that can create no topics on demand.
  init(bootstrap: String, embedded: EmbeddedBroker? = nil) throws {
    configuration = ["bootstrap.servers": bootstrap]
    self.embedded = embedded
    admin = try KafkaAdmin(configuration: configuration, logger: Self.logger)
    let topics = [
      NewTopic(name: topic(.plain(0)), partitions: Int(Log.partitions), replicationFactor: 1),
      NewTopic(
        name: topic(.compacted(0)), partitions: Int(Log.partitions), replicationFactor: 1,
        configuration: [
          "cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01",
        ]),
      NewTopic(name: consumedTopic, partitions: Int(Log.partitions), replicationFactor: 1),
    ]
    if let embedded {
      for topic in topics { try embedded.createTopic(topic.name, partitions: topic.partitions) }
      return
    }
    for result in try admin.createTopics(topics, timeout: Self.callTimeout) {
      if let error = result.error { throw error }
    }
    try waitFor("the topics to be there") {
      try topics.allSatisfy { topic in
        let found = try admin.metadata(topic: topic.name, timeout: Self.callTimeout).topic(topic.name)
        return found?.partitions.count == topic.partitions
          && found?.partitions.allSatisfy { $0.leader >= 0 } == true
      }
    }
  }

  /// A member that is dropped while its group rebalances can keep librdkafka 2.0.2 busy for ever.
  deinit {
    for member in members.values { try? member.consumer.close(timeout: Self.callTimeout) }
  }

  var consumedTopic: String { "\(name)-consumed" }
  var group: String { name }

  private func topic(_ log: Log) -> String {
    switch log {
    case .plain: "\(name)-plain"
    case .compacted: "\(name)-compacted"
    }
  }

  // MARK: Transactions

  func startProducer(_ producer: String, id: String, isImpatient: Bool) -> Reply {
    reply(nil) { () throws(KafkaError) in
      let deliveries = Deliveries()
      let client = try TransactionalProducer(
        configuration: configuration.merging([
          "transactional.id": "\(name)-\(id)", "transaction.timeout.ms": isImpatient ? "5000" : "60000",
        ]), logger: Self.logger
      ) { deliveries.add($0) }
      producers[producer] = Producer(client: client, deliveries: deliveries)
      try retrying { () throws(KafkaError) in try client.initTransactions(timeout: Self.callTimeout) }
    }
  }

  func produce(_ records: [String], to log: Log, by producer: String) -> Reply {
    guard let producer = producers[producer] else { return .refused(.other("no producer")) }
    return reply(producer.client) { () throws(KafkaError) in
      try begin(producer)
      let topic = try producer.client.topic(topic(log))
      let before = producer.deliveries.count
      for record in records {
        let parts = record.split(separator: "=", maxSplits: 1).map { Array($0.utf8) }
        try parts[parts.count - 1].withBytes { value throws(KafkaError) in
          try (parts.count == 2 ? parts[0] : nil).withOptionalBytes { key throws(KafkaError) in
            try producer.client.produce(
              topic: topic, partition: log.partition, key: key, value: value, tag: 1)
          }
        }
      }
      let deadline = ContinuousClock.now + Self.callTimeout
      while producer.deliveries.count < before + records.count, producer.client.fatalError == nil,
        ContinuousClock.now < deadline
      {
        producer.client.poll(timeout: .milliseconds(20))
      }
      if let error = producer.deliveries.firstError { throw error }
    }
  }

  func sendOffset(
    _ offset: Int64, of partition: Int32, by producer: String, as membership: Membership?
  ) -> Reply {
    guard let producer = producers[producer] else { return .refused(.other("no producer")) }
    let position = TopicPartitionOffset(topic: consumedTopic, partition: partition, offset: offset)
    return reply(producer.client) { () throws(KafkaError) in
      try begin(producer)
      try retrying { () throws(KafkaError) in
        guard let membership else { return try sendWithGroupOnly(position, by: producer.client) }
        try producer.client.sendOffsets(
          [position], groupMetadata: memberships[membership.number].metadata, timeout: Self.callTimeout)
      }
    }
  }

  /// What the client refuses to do: metadata made of the group's id alone.
  private func sendWithGroupOnly(
    _ position: TopicPartitionOffset, by producer: TransactionalProducer
  ) throws(KafkaError) {
    let metadata = rd_kafka_consumer_group_metadata_new(group)
    defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
    let list = TopicPartitionList([position])
    try producer.core.check(
      rd_kafka_send_offsets_to_transaction(
        producer.core.handle.raw, list.raw, metadata, Self.callTimeout.kafkaMilliseconds),
      "send offsets with a group id alone")
  }

  func commit(_ producer: String) -> Reply {
    end(producer) { client throws(KafkaError) in try client.commit(timeout: Self.callTimeout) }
  }

  func abort(_ producer: String) -> Reply {
    end(producer) { client throws(KafkaError) in try client.abort(timeout: Self.callTimeout) }
  }

  private func end(_ name: String, _ body: (TransactionalProducer) throws(KafkaError) -> Void) -> Reply {
    guard let producer = producers[name] else { return .refused(.other("no producer")) }
    producer.isOpen = false
    return reply(producer.client) { () throws(KafkaError) in
      try retrying { () throws(KafkaError) in try body(producer.client) }
    }
  }

  private func begin(_ producer: Producer) throws(KafkaError) {
    guard !producer.isOpen else { return }
    try producer.client.begin()
    producer.isOpen = true
  }

  // MARK: Logs

  func bounds(_ log: Log) throws -> (start: Int64, end: Int64) {
    let marks = try admin.watermarks(
      topic: topic(log), partition: log.partition, timeout: Self.callTimeout)
    return (marks.low, marks.high)
  }

  func stableOffset(_ log: Log) throws -> Int64 {
    try reader(isCommittedOnly: true).watermarks(
      topic: topic(log), partition: log.partition, timeout: Self.callTimeout
    ).high
  }

  func read(_ log: Log, from offset: Int64, isCommittedOnly: Bool) throws -> Reading {
    let reader = try reader(isCommittedOnly: isCommittedOnly)
    try reader.assign([
      TopicPartitionOffset(topic: topic(log), partition: log.partition, offset: offset)
    ])
    var records: [String] = []
    var batch = MessageBatch(capacity: 100)
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      reader.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(50))
      for index in 0..<batch.count {
        let message = batch[index]
        if message.isEndOfPartition { return .records(records, position: message.offset) }
        if let error = message.error {
          if error.code == .autoOffsetReset || error.code == .offsetOutOfRange { return .outOfRange }
          if !error.isRetriable, error.code != .transport, error.code != .allBrokersDown { throw error }
        } else if message.isRecord {
          let value = message.value.map { String(decoding: $0, as: UTF8.self) } ?? ""
          let key = message.key.map { "\(String(decoding: $0, as: UTF8.self))=" } ?? ""
          records.append("\(message.offset):\(key)\(value)")
        }
      }
    }
    throw NotSeen(what: "the end of \(log)")
  }

  private func reader(isCommittedOnly: Bool) throws -> KafkaConsumer {
    try KafkaConsumer(
      configuration: configuration.merging([
        "isolation.level": isCommittedOnly ? "read_committed" : "read_uncommitted",
        "enable.partition.eof": "true", "auto.offset.reset": "error",
      ]), logger: Self.logger)
  }

  func deleteRecords(of log: Log, before offset: Int64) throws {
    try admin.deleteRecords(
      before: [TopicPartitionOffset(topic: topic(log), partition: log.partition, offset: offset)],
      timeout: Self.callTimeout)
  }

  /// The newest segment is never compacted: a record that comes later begins another one.
  func encourageCompaction(of log: Log) throws {
    let producer = try KafkaProducer(configuration: configuration, logger: Self.logger)
    fillers += 1
    let topic = try producer.topic(topic(log))
    try Array("filler-\(fillers)".utf8).withBytes { key throws(KafkaError) in
      try producer.produce(topic: topic, partition: log.partition, key: key, value: key)
    }
    try producer.flush(timeout: Self.callTimeout)
    pump(for: .seconds(1))
  }

  // MARK: Errors

  /// Repeats what the client calls retriable.
  private func retrying(_ body: () throws(KafkaError) -> Void) throws(KafkaError) {
    let deadline = ContinuousClock.now + patience
    while true {
      do throws(KafkaError) {
        return try body()
      } catch {
        guard error.isRetriable, !error.isFatal, ContinuousClock.now < deadline else { throw error }
      }
    }
  }

  private func reply(
    _ producer: TransactionalProducer?, _ body: () throws(KafkaError) -> Void
  ) -> Reply {
    do throws(KafkaError) {
      try body()
      // A record that was refused ends the producer, and shows only there.
      if let fatal = producer?.fatalError { throw fatal }
      return .done
    } catch {
      return .refused(Refusal(producer?.fatalError ?? error))
    }
  }
}

extension Refusal {
  init(_ error: KafkaError) {
    self =
      switch error.code {
      case .illegalGeneration: .illegalGeneration
      case .unknownMemberID: .unknownMember
      case .fencedInstanceID: .fencedInstance
      default: error.severity == .fenced ? .fenced : .other(error.code.name)
      }
  }
}

extension Log {
  var partition: Int32 {
    switch self {
    case .plain(let partition), .compacted(let partition): partition
    }
  }
}

/// What became of a producer's records.
private final class Deliveries: Sendable {
  private let reports = Mutex<[DeliveryReport]>([])
  var count: Int { reports.withLock { $0.count } }
  var firstError: KafkaError? { reports.withLock { $0.compactMap(\.error).first } }
  func add(_ report: DeliveryReport) { reports.withLock { $0.append(report) } }
}

extension [UInt8] {
  fileprivate func withBytes(
    _ body: (UnsafeRawBufferPointer) throws(KafkaError) -> Void
  ) throws(KafkaError) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: Swift.max(count, 1), alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: self)
    try body(UnsafeRawBufferPointer(rebasing: copy[..<count]))
  }
}

extension [UInt8]? {
  fileprivate func withOptionalBytes(
    _ body: (UnsafeRawBufferPointer?) throws(KafkaError) -> Void
  ) throws(KafkaError) {
    guard let self else { return try body(nil) }
    try self.withBytes(body)
  }
}
