import CRdKafka
import Logging

/// A plain producer, idempotent: each record is in the log once and in order, without transactions.
///
/// **Thread rule.** Any thread may call any method. Delivery reports are made by the threads in ``poll(timeout:)``
/// and ``flush(timeout:)``: call one of them now and then, or the queue fills up.
///
/// **Defaults that differ from librdkafka's**: `enable.idempotence=true`; `partitioner=murmur2_random`, the Java
/// client's choice of partitions, where librdkafka's own is CRC32.
///
/// **End.** Dropping the producer drops undelivered records: ``flush(timeout:)`` first.
///
/// Wraps `rd_kafka_t` of type `RD_KAFKA_PRODUCER`.
public final class KafkaProducer: Sendable {
  private let core: ProducerCore

  /// Makes a producer; connects in the background. The observer is told of every record that has a tag.
  /// - Throws: `invalidArgument` for a property that is refused.
  public init(
    configuration: KafkaConfiguration, logger: Logger, deliveryObserver: DeliveryObserver? = nil
  ) throws(KafkaError) {
    core = try ProducerCore(
      configuration: configuration.defaulting(to: [
        "enable.idempotence": "true", "partitioner": "murmur2_random",
      ]), logger: logger, deliveryObserver: deliveryObserver)
  }

  /// Opens a topic for ``produce(topic:partition:key:value:headers:timestamp:tag:)``; the cluster is not asked.
  /// - Throws: `invalidArgument` for an impossible name.
  public func topic(_ name: String) throws(KafkaError) -> ProducerTopic { try core.topic(name) }

  /// Queues one record (`rd_kafka_producev`).
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
  /// - Throws: `queueFull`, `messageTooLarge`, `unknownPartition`, `unknownTopic`, what ended the producer.
  public func produce(
    topic: ProducerTopic, partition: Int32 = TopicPartition.unassigned, key: UnsafeRawBufferPointer?,
    value: UnsafeRawBufferPointer?, headers: consuming HeaderList? = nil, timestamp: Int64 = 0, tag: UInt = 0
  ) throws(KafkaError) {
    try core.produce(
      topic, partition: partition, key: key, value: value, headers: headers, timestamp: timestamp, tag: tag)
  }

  /// Blocks until every record queued so far is delivered or has failed (`rd_kafka_flush`). Reports are made on
  /// this thread.
  /// - Throws: `timedOut`, and the first delivery error since the last flush, with or without a tag.
  public func flush(timeout: Duration) throws(KafkaError) {
    try core.handle.check(rd_kafka_flush(core.handle.raw, timeout.kafkaMilliseconds), "flush the producer")
    if let error = core.deliveries.takeFirstError() { throw error }
  }

  /// Serves delivery reports, waiting for the first one up to the time-out (`rd_kafka_poll`).
  /// - Returns: the number of events served.
  @discardableResult
  public func poll(timeout: Duration = .zero) -> Int { core.poll(timeout: timeout) }

  /// The number of records and requests that are not done (`rd_kafka_outq_len`).
  public var pendingCount: Int { Int(rd_kafka_outq_len(core.handle.raw)) }

  /// The error that ended the producer, nil while it is alive (`rd_kafka_fatal_error`).
  public var fatalError: KafkaError? { core.handle.fatalError }
}
