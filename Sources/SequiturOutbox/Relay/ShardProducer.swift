import KafkaClient
import Logging

/// A shard's side of Kafka: one transactional producer, and one transaction for each batch. One thread's.
final class ShardProducer {
  /// What became of a transaction.
  enum Sent {
    case committed
    /// Nothing is visible; these rows were refused for what they are.
    case refused([Int: PoisonReason])
  }

  /// Why a transaction was not committed.
  struct Failure: Error {
    enum Kind { case aborted, undecided, fenced }
    let kind: Kind
    let error: KafkaError
  }

  /// A record that goes with the commands of a transaction.
  struct Record {
    let key: String
    let value: BatchRecord
  }

  let recordBytesMax: Int
  private let configuration: OutboxConfiguration
  private let transactionalID: String
  private let outboxTopic: String
  private let stop: StopSignal
  private var connection: Connection?
  private let refusals = Refusals()

  private struct Connection {
    let producer: TransactionalProducer
    let commands: ProducerTopic
    let outbox: ProducerTopic
  }

  init(
    _ configuration: OutboxConfiguration, transactionalID: String, outboxTopic: String, recordBytesMax: Int,
    stop: StopSignal
  ) {
    self.configuration = configuration
    self.transactionalID = transactionalID
    self.outboxTopic = outboxTopic
    self.recordBytesMax = recordBytesMax
    self.stop = stop
  }

  /// Makes the producer anew and initialises its transactions: fences the one before. Blocks.
  func takeOver() throws(KafkaError) {
    connection = nil
    let properties = configuration.producer(transactionalID).merging([
      "message.max.bytes": "\(max(recordBytesMax, 1_000_000))",
      "batch.size": "\(min(max(recordBytesMax, 1), 1_000_000))",
    ])
    let refusals = refusals
    let producer = try TransactionalProducer(
      configuration: properties, logger: configuration.logger, deliveryObserver: { refusals.record($0) })
    try producer.initTransactions(timeout: OutboxLimits.call)
    connection = Connection(
      producer: producer, commands: try producer.topic(configuration.topic),
      outbox: try producer.topic(outboxTopic))
  }

  /// Sends a batch's rows and the record of their ids in one transaction. Blocks; a commit whose answer does not come is
  /// asked again until it comes, or the relay is to end.
  ///
  /// Brokers refuse whole batches of the protocol. So when they refuse rows, the transaction is made once more with one
  /// row at a time, until it is known which one is to blame.
  /// - Throws: ``Failure``.
  func send(
    _ batch: OutboxBatch, _ record: Record, whileTrying told: (KafkaError) -> Void
  ) throws(Failure) -> Sent {
    let sent = try attempt(batch, record, isCareful: false, told)
    guard case .refused(let rows) = sent else { return sent }
    try renew()
    if !refusals.isEmpty {
      let again = try attempt(batch, record, isCareful: true, told)
      if case .refused = again { try renew() }
      return again
    }
    // What this client refused by itself is to blame alone.
    return .refused(rows)
  }

  /// librdkafka 2.0.2 goes on behind a refused record with sequence numbers that Kafka 3.7 finds skipped (seen).
  private func renew() throws(Failure) {
    do throws(KafkaError) {
      try takeOver()
    } catch {
      throw Failure(kind: error.severity == .fenced ? .fenced : .undecided, error: error)
    }
  }

  private func attempt(
    _ batch: OutboxBatch, _ record: Record, isCareful: Bool, _ told: (KafkaError) -> Void
  ) throws(Failure) -> Sent {
    guard let connection else { throw Failure(kind: .undecided, error: Self.noProducer) }
    refusals.reset()
    var refused: [Int: PoisonReason] = [:]
    do throws(KafkaError) {
      try connection.producer.begin()
      for row in batch.sendable {
        try produce(row, of: batch, connection, &refused)
        if isCareful { try connection.producer.flush(timeout: OutboxLimits.call) }
        if isCareful, !refusals.isEmpty { break }
      }
      if refused.isEmpty, refusals.isEmpty {
        try produce(record, connection)
        try commit(connection, told)
        return .committed
      }
    } catch {
      return try end(connection, error, refused)
    }
    try abort(connection)
    return .refused(refused.merging(refusals.rows) { first, _ in first })
  }

  private func produce(
    _ row: Int, of batch: OutboxBatch, _ connection: Connection, _ refused: inout [Int: PoisonReason]
  ) throws(KafkaError) {
    do throws(KafkaError) {
      try batch.withRecord(row) { key, value, headers throws(KafkaError) in
        try connection.producer.produce(
          topic: connection.commands, partition: TopicPartition.unassigned, key: key, value: value,
          headers: headers,
          tag: UInt(row) + 1)
      }
    } catch {
      guard Refusals.isOfRecord(error) else { throw error }
      refused[row] = .refused("\(error)")
    }
  }

  private func produce(_ record: Record, _ connection: Connection) throws(KafkaError) {
    try connection.producer.produce(key: record.key, record.value, to: connection.outbox)
  }

  private func commit(_ connection: Connection, _ told: (KafkaError) -> Void) throws(KafkaError) {
    while true {
      do throws(KafkaError) {
        return try connection.producer.commit(timeout: OutboxLimits.call)
      } catch {
        guard error.severity == .retriable, !stop.isStopped else { throw error }
        told(error)
        stop.wait(.milliseconds(100))
      }
    }
  }

  /// Ends a transaction that failed: what can be aborted is, and says which rows were to blame.
  private func end(
    _ connection: Connection, _ error: KafkaError, _ refused: [Int: PoisonReason]
  ) throws(Failure) -> Sent {
    switch error.severity {
    case .fenced: throw Failure(kind: .fenced, error: error)
    case .fatal: throw Failure(kind: .undecided, error: error)
    // A commit whose answer has not come, and the relay is to end.
    case .retriable where error.operation == "commit the transaction":
      throw Failure(kind: .undecided, error: error)
    case .abortable, .failed, .retriable: break
    }
    try abort(connection)
    let all = refused.merging(refusals.rows) { first, _ in first }
    // Another producer is made then anyway.
    guard all.isEmpty else { return .refused(all) }
    // The abort may have ended the producer: another one settles it all.
    throw Failure(kind: connection.producer.fatalError == nil ? .aborted : .undecided, error: error)
  }

  private func abort(_ connection: Connection) throws(Failure) {
    while true {
      do throws(KafkaError) {
        try connection.producer.abort(timeout: OutboxLimits.call)
        break
      } catch {
        guard error.severity == .retriable, !stop.isStopped else {
          throw Failure(kind: error.severity == .fenced ? .fenced : .undecided, error: error)
        }
      }
    }
  }

  private static let noProducer = KafkaError(
    code: .state, operation: "use the transactional producer", detail: "there is none")
}

extension TransactionalProducer {
  /// Queues a record of the outbox's own; nil deletes the one of that key.
  func produce(key: String, _ record: BatchRecord?, to topic: ProducerTopic) throws(KafkaError) {
    let value: [UInt8]?
    do {
      value = try record?.encoded()
    } catch {
      throw KafkaError(code: .state, operation: "write the outbox's record", detail: "\(error)")
    }
    try Array(key.utf8).withUnsafeBufferPointer { key throws(KafkaError) in
      try (value ?? []).withUnsafeBufferPointer { bytes throws(KafkaError) in
        try produce(
          topic: topic, partition: TopicPartition.unassigned, key: UnsafeRawBufferPointer(key),
          value: value == nil ? nil : UnsafeRawBufferPointer(bytes))
      }
    }
  }
}
