import KafkaClient
import Logging

/// A shard's side of Kafka: one transaction for each batch, by ``TurnProducers``. One thread's.
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
  private var producers: TurnProducers?
  private let refusals = Refusals()

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

  /// Makes the producers anew and initialises their transactions: fences those before. Blocks.
  func takeOver() throws(KafkaError) {
    producers = nil
    let fresh = try TurnProducers(
      configuration, transactionalID: transactionalID, outboxTopic: outboxTopic,
      recordBytesMax: recordBytesMax,
      transaction: OutboxLimits.transaction, refusals)
    try fresh.takeOver()
    producers = fresh
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
    guard let connection = producers?.next() else {
      throw Failure(kind: .undecided, error: Self.noProducer)
    }
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
      return try end(connection, error, refused, told)
    }
    try abort(connection, told)
    return .refused(refused.merging(refusals.rows) { first, _ in first })
  }

  private func produce(
    _ row: Int, of batch: OutboxBatch, _ connection: TurnProducers.Connection,
    _ refused: inout [Int: PoisonReason]
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

  private func produce(_ record: Record, _ connection: TurnProducers.Connection) throws(KafkaError) {
    try connection.producer.produce(key: record.key, record.value, to: connection.outbox)
  }

  private func commit(
    _ connection: TurnProducers.Connection, _ told: (KafkaError) -> Void
  ) throws(KafkaError) {
    try stop.untilAnswered(told) { () throws(KafkaError) in
      try connection.producer.commit(timeout: OutboxLimits.call)
    }
  }

  /// Ends a transaction that failed: what can be aborted is, and says which rows were to blame.
  private func end(
    _ connection: TurnProducers.Connection, _ cause: KafkaError, _ refused: [Int: PoisonReason],
    _ told: (KafkaError) -> Void
  ) throws(Failure) -> Sent {
    switch cause.severity {
    case .fenced: throw Failure(kind: .fenced, error: cause)
    case .fatal: throw Failure(kind: .undecided, error: cause)
    // A commit whose answer has not come, and the relay is to end.
    case .retriable where cause.operation == "commit the transaction":
      throw Failure(kind: .undecided, error: cause)
    case .abortable, .failed, .retriable: break
    }
    do throws(Failure) {
      try abort(connection, told)
    } catch {
      // What failed first is the cause; that the abort failed as well only ends the producer.
      throw error.kind == .fenced ? error : Failure(kind: error.kind, error: cause)
    }
    let all = refused.merging(refusals.rows) { first, _ in first }
    // Another producer is made then anyway.
    guard all.isEmpty else { return .refused(all) }
    // The abort may have ended the producer: another one settles it all.
    throw Failure(kind: connection.producer.fatalError == nil ? .aborted : .undecided, error: cause)
  }

  private func abort(
    _ connection: TurnProducers.Connection, _ told: (KafkaError) -> Void
  ) throws(Failure) {
    do throws(KafkaError) {
      try stop.untilAnswered(told) { () throws(KafkaError) in
        try connection.producer.abort(timeout: OutboxLimits.call)
      }
    } catch {
      throw Failure(kind: error.severity == .fenced ? .fenced : .undecided, error: error)
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
