import CRdKafka
import Logging
import Synchronization

/// A producer whose records, together with consumed offsets, become visible all at once or not at all.
///
///     initTransactions ─► begin ─► produce… ─► sendOffsets ─► commit ─► begin …
///                                     └─── error that requires it ──► abort ─► begin …
///
/// **Thread rule.** One thread at a time (two sharing one producer are slower than one, measured). Methods with a
/// time-out block and belong on a thread of their own, not in Swift's cooperative pool.
///
/// **Errors.** Every method throws a `KafkaError`; its ``KafkaError/severity`` says how to go on. A commit that
/// ends `retriable` (such as `timedOut`) is not decided: call `commit` again.
///
/// **Defaults that differ from librdkafka's**: `retry.backoff.ms=5`. Brokers answer CONCURRENT_TRANSACTIONS for
/// some ms after each commit, and with librdkafka's 100 ms throughput falls to a fifth (measured on Kafka 3.7).
///
/// **End.** Dropping the producer never waits for records: an open transaction is left to the broker's
/// `transaction.timeout.ms`, or to the next producer with this id. ``abort(timeout:)`` first is kinder.
///
/// Wraps `rd_kafka_t` of type `RD_KAFKA_PRODUCER`, with a delivery callback in all cases.
public final class TransactionalProducer: Sendable {
  let core: ProducerCore
  /// Whether a call of the open transaction failed: then what is queued will never be sent.
  private let hasFailed = Atomic(false)
  /// Whether the open transaction's commit was asked for: then only the coordinator knows its outcome.
  private let isCommitAsked = Atomic(false)

  /// Makes a producer; connects in the background.
  /// - Throws: `notConfigured` without `transactional.id`, `invalidArgument` for a property that is refused.
  public init(
    configuration: KafkaConfiguration, logger: Logger, deliveryObserver: DeliveryObserver? = nil
  ) throws(KafkaError) {
    guard configuration["transactional.id"] != nil else {
      throw KafkaError(
        code: .notConfigured, operation: "make a transactional producer",
        detail: "the property transactional.id is not set")
    }
    core = try ProducerCore(
      configuration: configuration.defaulting(to: ["retry.backoff.ms": "5"]), logger: logger,
      deliveryObserver: deliveryObserver)
  }

  /// Takes the transactional id over: fences its former owner and ends that one's open transaction. Blocks; to
  /// be called once, before all else (`rd_kafka_init_transactions`).
  /// - Throws: `retriable` errors such as `timedOut` (another call resumes), fatal ones such as
  ///   `invalidTransactionTimeout` and `transactionalIDAuthorizationFailed`.
  public func initTransactions(timeout: Duration) throws(KafkaError) {
    try core.check(
      rd_kafka_init_transactions(core.handle.raw, timeout.kafkaMilliseconds), "initialise transactions")
  }

  /// Begins a transaction; local, does not block (`rd_kafka_begin_transaction`).
  /// - Throws: `state` when one is open already, and what ended the producer.
  public func begin() throws(KafkaError) {
    _ = core.deliveries.takeFirstError()
    hasFailed.store(false, ordering: .relaxed)
    isCommitAsked.store(false, ordering: .relaxed)
    try core.check(rd_kafka_begin_transaction(core.handle.raw), "begin a transaction")
  }

  /// Queues one record for the open transaction (`rd_kafka_producev`).
  ///
  /// Key and value are copied before the call returns; nil is null, an empty buffer is empty. Blocks only while
  /// the producer's queue is full, at most 30 s, serving events.
  /// - Parameters:
  ///   - topic: A topic of this producer.
  ///   - partition: A number, or ``TopicPartition/unassigned`` for the partitioner's choice.
  ///   - key: nil for the null key.
  ///   - value: nil for the null value.
  ///   - headers: Consumed, also when the call throws.
  ///   - timestamp: Milliseconds since 1970; 0 for now.
  ///   - tag: Comes back in the ``DeliveryReport``; 0 asks for none.
  /// - Throws: `queueFull`, `messageTooLarge`, `state` outside a transaction or in a failed one,
  ///   `unknownPartition`, `unknownTopic`, and what ended the producer.
  public func produce(
    topic: ProducerTopic, partition: Int32, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
    headers: consuming HeaderList? = nil, timestamp: Int64 = 0, tag: UInt = 0
  ) throws(KafkaError) {
    do throws(KafkaError) {
      try core.produce(
        topic, partition: partition, key: key, value: value, headers: headers, timestamp: timestamp, tag: tag)
    } catch {
      throw noted(error)
    }
  }

  /// Adds consumed offsets to the transaction: of each partition, the next one to consume. Blocks
  /// (`rd_kafka_send_offsets_to_transaction`).
  /// - Throws: abortable `illegalGeneration`, `unknownMemberID`, `fencedInstanceID` when the membership is no more
  ///   the one of the metadata; retriable errors (call again with the same offsets); what ended the producer.
  public func sendOffsets(
    _ offsets: [TopicPartitionOffset], groupMetadata: borrowing ConsumerGroupMetadata, timeout: Duration
  ) throws(KafkaError) {
    let list = TopicPartitionList(offsets)
    try note(
      rd_kafka_send_offsets_to_transaction(
        core.handle.raw, list.raw, groupMetadata.raw, timeout.kafkaMilliseconds),
      "send consumed offsets to the transaction")
  }

  /// Blocks until every record queued so far is delivered or has failed (`rd_kafka_flush`). Delivery reports are made
  /// inside, on this thread. A record that failed makes the next call of the transaction throw.
  /// - Throws: retriable `timedOut`.
  public func flush(timeout: Duration) throws(KafkaError) {
    guard rd_kafka_flush(core.handle.raw, timeout.kafkaMilliseconds) == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw core.handle.explained(
        KafkaError(
          code: .timedOut, operation: "flush the transaction",
          detail: "records are still on their way after \(timeout)", isRetriable: true))
    }
  }

  /// Flushes all records and commits the transaction. Blocks (`rd_kafka_commit_transaction`). Delivery reports
  /// are made inside, on this thread.
  /// - Throws: retriable: the outcome is open, call again. Abortable: nothing became visible once
  ///   ``abort(timeout:)`` succeeds. The detail names the first record that failed.
  public func commit(timeout: Duration) throws(KafkaError) {
    isCommitAsked.store(true, ordering: .relaxed)
    try note(
      rd_kafka_commit_transaction(core.handle.raw, timeout.kafkaMilliseconds), "commit the transaction")
  }

  /// Drops queued records and aborts the transaction. Blocks (`rd_kafka_abort_transaction`). Tagged records that
  /// were dropped are reported with `purgedFromQueue` or `purgedInFlight`, on this thread.
  ///
  /// A transaction that the coordinator does not know yet cannot be aborted there: it answers INVALID_TXN_STATE, by which
  /// librdkafka ends the producer. So records on their way get a moment to arrive; and where the answer comes all the
  /// same, as when the first partition was refused, the transaction *is* aborted: this returns, and ``fatalError`` says
  /// that another producer must be made. (Not once the commit was asked for: then it may be committed.)
  /// - Throws: retriable errors: call again. Anything else ended the producer.
  public func abort(timeout: Duration) throws(KafkaError) {
    if !hasFailed.load(ordering: .relaxed), core.handle.fatalError == nil {
      _ = rd_kafka_flush(core.handle.raw, min(timeout, KafkaLimits.abortGrace).kafkaMilliseconds)
    }
    do throws(KafkaError) {
      try core.check(
        rd_kafka_abort_transaction(core.handle.raw, timeout.kafkaMilliseconds), "abort the transaction")
    } catch {
      let isCommitAsked = isCommitAsked.load(ordering: .relaxed)
      guard error.code == .invalidTransactionState, !isCommitAsked else { throw error }
    }
  }

  private func note(_ error: OpaquePointer?, _ operation: String) throws(KafkaError) {
    do throws(KafkaError) {
      try core.check(error, operation)
    } catch {
      throw noted(error)
    }
  }

  private func noted(_ error: KafkaError) -> KafkaError {
    if !error.isRetriable { hasFailed.store(true, ordering: .relaxed) }
    return error
  }

  /// Opens a topic for ``produce(topic:partition:key:value:headers:timestamp:tag:)``; the cluster is not asked.
  /// - Throws: `invalidArgument` for an impossible name.
  public func topic(_ name: String) throws(KafkaError) -> ProducerTopic { try core.topic(name) }

  /// Serves delivery reports, waiting for the first one up to the time-out (`rd_kafka_poll`). Not needed for
  /// transactions to go on: committing does it.
  /// - Returns: the number of events served.
  @discardableResult
  public func poll(timeout: Duration = .zero) -> Int { core.poll(timeout: timeout) }

  /// The error that ended the producer, nil while it is alive (`rd_kafka_fatal_error`).
  public var fatalError: KafkaError? { core.handle.fatalError }
}
