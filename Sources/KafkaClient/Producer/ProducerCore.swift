import CRdKafka
import Logging

/// What the plain and the transactional producer share: the client, its deliveries, and producing.
final class ProducerCore: Sendable {
  let handle: KafkaHandle
  let deliveries: DeliveryTracker

  init(
    configuration: KafkaConfiguration, logger: Logger, deliveryObserver: DeliveryObserver?
  ) throws(KafkaError) {
    deliveries = DeliveryTracker(observer: deliveryObserver)
    handle = try KafkaHandle(
      RD_KAFKA_PRODUCER, configuration: configuration,
      context: ClientContext(logger: logger, deliveries: deliveries))
  }

  func topic(_ name: String) throws(KafkaError) -> ProducerTopic { try ProducerTopic(name, of: handle) }

  /// Serves delivery reports; the number of events served.
  func poll(timeout: Duration) -> Int { Int(rd_kafka_poll(handle.raw, timeout.kafkaMilliseconds)) }

  /// Queues one record. Waits for room when the queue is full, serving events meanwhile.
  func produce(
    _ topic: ProducerTopic, partition: Int32, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
    headers: consuming HeaderList?, timestamp: Int64, tag: UInt
  ) throws(KafkaError) {
    precondition(topic.handle === handle, "a topic belongs to the producer that opened it")
    let headers = headers.take()?.release()
    var deadline: ContinuousClock.Instant?
    while true {
      let code = kafka_shim_produce(
        handle.raw, topic.raw, partition, key.map(\.addressOrEmpty), key?.count ?? 0,
        value.map(\.addressOrEmpty), value?.count ?? 0, headers, timestamp,
        UnsafeMutableRawPointer(bitPattern: tag))
      if code == RD_KAFKA_RESP_ERR_NO_ERROR { return }
      let now = ContinuousClock.now
      let end = deadline ?? now + KafkaLimits.queueFullWait
      deadline = end
      guard code == RD_KAFKA_RESP_ERR__QUEUE_FULL, now < end else {
        if let headers { rd_kafka_headers_destroy(headers) }
        throw failure(code, at: TopicPartition(topic: topic.name, partition: partition))
      }
      _ = poll(timeout: KafkaLimits.queueFullSlice)
    }
  }

  private func failure(_ code: rd_kafka_resp_err_t, at place: TopicPartition) -> KafkaError {
    let operation = "produce a record"
    if code == RD_KAFKA_RESP_ERR__STATE, handle.fatalError == nil, var cause = firstFailure() {
      // The transaction has failed already, by an earlier record: that one's error says what is wrong.
      cause.operation = operation
      cause.detail = "an earlier record of the transaction failed: \(cause.detail)"
      cause.requiresAbort = true
      return cause
    }
    return KafkaError(code, operation: operation).resolvingFatal(of: handle.raw).at(place)
  }

  /// The first record that failed for itself. Its report may be on its way, behind those of records that were given up
  /// because of it.
  private func firstFailure() -> KafkaError? {
    let deadline = ContinuousClock.now + KafkaLimits.reportWait
    repeat {
      _ = poll(timeout: KafkaLimits.reportWait)
      if let error = deliveries.takeFirstError(), !error.isPurge { return error }
    } while ContinuousClock.now < deadline
    return nil
  }

  /// Throws the error object of a transactional call, and what ended the client in place of `_FATAL`. The first
  /// delivery error goes into the detail, and its topic and partition are the error's: it usually is the cause.
  func check(_ error: OpaquePointer?, _ operation: String) throws(KafkaError) {
    guard let error else { return }
    var thrown = handle.explained(
      KafkaError(consuming: error, operation: operation).resolvingFatal(of: handle.raw))
    if let refused = handle.context.takeRefusedPartition(),
      refused.reason == String(cString: rd_kafka_err2str(thrown.code.raw))
    {
      thrown = thrown.at(refused.place)
    }
    if let delivery = deliveries.takeFirstError() {
      // What is purged was given up because of the error, and says nothing of it.
      guard !delivery.isPurge else { throw thrown }
      if delivery.code == thrown.code {
        thrown.topic = delivery.topic
        thrown.partition = delivery.partition
      }
      thrown.detail += "; the first record that failed: \(delivery.detail) (\(delivery.code.name)"
      thrown.detail += " at \(delivery.topic ?? "?")/\(delivery.partition ?? TopicPartition.unassigned))"
    }
    throw thrown
  }
}
