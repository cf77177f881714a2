import KafkaClient
import Logging
import PartitionEngine
import SequiturTopics
import Synchronization

/// Carries out a commit machine's actions with one transactional producer. Used by one thread; every call
/// blocks.
final class TransactionSender: Sendable {
  /// What the sender needs to know of the group.
  struct Group: Sendable {
    /// The membership at this moment; `nil` when there is none.
    let metadata: @Sendable () throws(KafkaError) -> ConsumerGroupMetadata?
    /// Why this worker's transactional ids are another's now; nil while they are its own. May ask the coordinator.
    let loss: @Sendable () -> KafkaError?
  }

  private struct Connection: Sendable {
    let producer: TransactionalProducer
    let valid: ProducerTopic
    let invalid: ProducerTopic
    let changelog: ProducerTopic
    /// What one request takes.
    let requestBytesMax: Int
    let requestRecordsMax: Int
  }

  /// How far the open transaction's records are with the producer.
  private struct Progress: ~Copyable {
    var parts = OutputParts()
    /// The next part; nil before the first one, since they are to be divided.
    var next: Int?
  }

  /// For batches of at most so many bytes.
  typealias Configuration = @Sendable (_ batchBytesMax: Int) -> KafkaConfiguration

  private let configuration: Configuration
  private let topics: TopicNames
  let limits: OutputLimits
  private let group: Group
  private let call: Duration
  private let logger: Logger
  private let connection = Mutex<Connection?>(nil)
  private let checkpoints = Mutex<[Int32: Int64]>([:])
  private let progress = Mutex(Progress())

  init(
    configuration: @escaping Configuration, topics: TopicNames, limits: OutputLimits, group: Group,
    call: Duration,
    logger: Logger
  ) {
    self.configuration = configuration
    self.topics = topics
    self.limits = limits
    self.group = group
    self.call = call
    self.logger = logger
  }

  /// Offsets of the checkpoint records delivered since the last ``begin()``.
  var checkpointOffsets: [Int32: Int64] { checkpoints.withLock { $0 } }

  /// Makes a new producer in the place of the old one, and ends the transaction that one left open.
  ///
  /// - Throws: why the transactional id is another process's, if it is: a new producer would fence that one's.
  func recreateProducer() throws(KafkaError) {
    if let error = group.loss() { throw error }
    connection.withLock { $0 = nil }
    let configuration = configuration(limits.messageBytesMax)
    let producer = try TransactionalProducer(
      configuration: configuration, logger: logger,
      deliveryObserver: { [weak self] report in
        guard report.error == nil else { return }
        self?.checkpoints.withLock { $0[Int32(report.tag - 1)] = report.offset }
      })
    try producer.initTransactions(timeout: call)
    let fresh = Connection(
      producer: producer, valid: try producer.topic(topics.valid),
      invalid: try producer.topic(topics.invalid),
      changelog: try producer.topic(topics.changelog),
      requestBytesMax: configuration["batch.size"].flatMap { Int($0) } ?? KafkaBudget.batchBytes,
      requestRecordsMax: configuration["batch.num.messages"].flatMap { Int($0) } ?? KafkaBudget.batchRecords)
    connection.withLock { $0 = fresh }
  }

  /// Throws the producer away, so that the next transaction is sent by one whose batches are as large as the topics
  /// take. Also where they have not changed: librdkafka 2.0.2 goes on behind a refused record with sequence numbers that
  /// Kafka 3.7 finds skipped, so that the next transaction but one fails as well (seen). Of the time that a refusal takes,
  /// 0.15 s, the new producer is the least: most goes to restoring the partitions.
  func dropProducer() { connection.withLock { $0 = nil } }

  func begin() throws(KafkaError) {
    if connection.withLock({ $0 == nil }) { try recreateProducer() }
    checkpoints.withLock { $0.removeAll() }
    progress.withLock { $0.next = nil }
    try connected().producer.begin()
  }

  /// Hands the next part of the records to librdkafka; after ``begin()`` the first one.
  ///
  /// - Returns: whether there are more.
  func producePart(of output: borrowing OutputBatch) throws(KafkaError) -> Bool {
    let connection = try connected()
    return try progress.withLock { progress throws(KafkaError) in
      if progress.next == nil {
        progress.parts.divide(
          output, bytesMax: connection.requestBytesMax, recordsMax: connection.requestRecordsMax)
      }
      let part = progress.next ?? 0
      for index in progress.parts.records(of: part) {
        try produce(output.records[Int(index)], of: output, with: connection)
      }
      progress.next = part + 1
      return part + 1 < progress.parts.count
    }
  }

  private func produce(
    _ record: OutputRecord, of output: borrowing OutputBatch, with connection: Connection
  ) throws(KafkaError) {
    let topic =
      switch record.topic {
      case .valid: connection.valid
      case .invalid: connection.invalid
      case .changelog: connection.changelog
      }
    let headers = output.headers(of: record)
    var list = HeaderList(capacity: headers.count)
    for header in headers {
      list.add(name: output.bytes(header.name), value: header.value.map { output.bytes($0) })
    }
    try connection.producer.produce(
      topic: topic, partition: record.partition, key: output.bytes(record.key),
      value: record.value.map { output.bytes($0) }, headers: list, timestamp: record.timestamp,
      tag: record.isCheckpoint ? UInt(record.partition) + 1 : 0)
  }

  /// Waits until all records that the producer has are in their topics, or one has failed: then the next step fails.
  func flush() throws(KafkaError) { try connected().producer.flush(timeout: call) }

  /// Adds the consumed positions, under the membership of this moment.
  ///
  /// Without one, such as in the middle of a rebalance, it is waited for with the records in the open transaction: to
  /// abort and send them again would be work for nothing, and each try would have it again.
  ///
  /// - Parameter isAbandoned: asked after the membership was fetched, so that a transaction that was given up
  ///   in a rebalance cannot slip through under the next generation.
  func sendOffsets(_ parts: [TransactionPart], unless isAbandoned: () -> Bool) throws(KafkaError) {
    let connection = try connected()
    guard let metadata = try group.metadata(), !isAbandoned() else {
      throw KafkaError(
        code: .unknownMemberID, operation: "send consumed offsets to the transaction",
        detail: "this worker is no member of its group at the moment", isRetriable: true)
    }
    let offsets = parts.map {
      TopicPartitionOffset(topic: topics.commands, partition: $0.partition, offset: $0.end)
    }
    try connection.producer.sendOffsets(offsets, groupMetadata: metadata, timeout: call)
  }

  func commit() throws(KafkaError) { try connected().producer.commit(timeout: call) }

  /// Aborts; makes the producer anew when that ended it, as it may although the transaction is aborted.
  func abort() throws(KafkaError) {
    let producer = try connected().producer
    try producer.abort(timeout: call)
    guard producer.fatalError != nil else { return }
    logger.info("the transaction was aborted before the coordinator knew it; the producer is made anew")
    try recreateProducer()
  }

  private func connected() throws(KafkaError) -> Connection {
    if let connection = connection.withLock({ $0 }) { return connection }
    throw KafkaError(code: .state, operation: "use the transactional producer", detail: "there is none")
  }
}
