import CRdKafka

/// A queue of a consumer: its main queue, one partition's, or one of the application's own.
///
/// Any thread may call any method. A batch should be taken by one thread at a time, or the order of records
/// between the takers is lost. Keeps its client alive. Owner of one `rd_kafka_queue_t`.
public final class KafkaQueue: Sendable {
  private let pointer: SharedPointer
  let handle: KafkaHandle

  var raw: OpaquePointer { pointer.raw }

  /// Takes ownership of a queue reference of the client.
  init(owning raw: OpaquePointer, of handle: KafkaHandle) {
    pointer = SharedPointer(raw: raw)
    self.handle = handle
  }

  deinit { rd_kafka_queue_destroy(raw) }

  /// Sends what arrives here, and what is here already, to another queue of the same client; nil keeps it here
  /// (`rd_kafka_queue_forward`). Holds across reassignments of a partition.
  public func forward(to destination: KafkaQueue?) {
    precondition(
      destination.map { $0.handle === handle } ?? true, "a queue is forwarded within its own client")
    rd_kafka_queue_forward(raw, destination?.raw)
  }

  /// Blocks until records, errors or ends of partitions are there, the time-out is over, or the queue is woken;
  /// then fills the batch, whose former messages are destroyed (`rd_kafka_consume_batch_queue`).
  ///
  /// librdkafka waits, within the time-out, until the batch is full or nothing more is there. Taking from the
  /// main queue also runs rebalance callbacks.
  /// - Returns: the number of messages, 0 after a time-out or a wake.
  @discardableResult
  public func consumeBatch(into batch: inout MessageBatch, timeout: Duration) -> Int {
    batch.refill(from: handle) { messages, capacity in
      rd_kafka_consume_batch_queue(raw, timeout.kafkaMilliseconds, messages, capacity)
    }
  }

  /// Ends the wait of a thread that is blocked in ``consumeBatch(into:timeout:)``, or the next one at once when
  /// none is blocked: a wake is never lost, several before a wait count as one (`rd_kafka_queue_yield`; the
  /// header only speaks of queue polls, batches were measured). Not for signal handlers.
  ///
  /// Waking a queue that is forwarded wakes its destination.
  public func wake() { rd_kafka_queue_yield(raw) }
}
