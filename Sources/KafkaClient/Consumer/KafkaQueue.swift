import CRdKafka
import Synchronization

/// A queue of a consumer: its main queue, one partition's, or one of the application's own.
///
/// Any thread may call any method. A batch should be taken by one thread at a time, or the order of records
/// between the takers is lost. Keeps its client alive. Owner of one `rd_kafka_queue_t`.
public final class KafkaQueue: Sendable {
  private let pointer: SharedPointer
  let handle: KafkaHandle
  /// What is called when something arrives; librdkafka knows it as an opaque.
  private let arrival = Mutex<ArrivalHandler?>(nil)

  var raw: OpaquePointer { pointer.raw }

  /// Takes ownership of a queue reference of the client.
  init(owning raw: OpaquePointer, of handle: KafkaHandle) {
    pointer = SharedPointer(raw: raw)
    self.handle = handle
  }

  deinit {
    onArrival(nil)
    rd_kafka_queue_destroy(raw)
  }

  /// Sends what arrives here, and what is here already, to another queue of the same client; nil keeps it here
  /// (`rd_kafka_queue_forward`). Holds across reassignments of a partition.
  public func forward(to destination: KafkaQueue?) {
    precondition(
      destination.map { $0.handle === handle } ?? true, "a queue is forwarded within its own client")
    rd_kafka_queue_forward(raw, destination?.raw)
  }

  /// Blocks until a record, an error or an end of a partition is there, the time-out is over, or the queue is woken;
  /// then fills the batch with what is there, its former messages being destroyed. Taking from the main queue also
  /// runs rebalance callbacks.
  ///
  /// Asks librdkafka for one message at a time (`rd_kafka_consume_batch_queue` with a size of 1), since 2.0.2 can lose
  /// those of a larger batch: it counts a message as consumed when it puts it into the batch, and when a rebalance, a pause
  /// or a seek of another thread reaches the partition before the batch is handed out, it takes the message out again
  /// and goes on behind it (its pull request 4208, in 2.1.0). A batch of one is handed out at once.
  /// - Returns: the number of messages, 0 after a time-out or a wake.
  @discardableResult
  public func consumeBatch(into batch: inout MessageBatch, timeout: Duration) -> Int {
    batch.refill(from: handle) { messages, capacity in
      guard rd_kafka_consume_batch_queue(raw, timeout.kafkaMilliseconds, messages, 1) > 0 else { return 0 }
      var count = 1
      while count < capacity, rd_kafka_consume_batch_queue(raw, 0, messages + count, 1) > 0 { count += 1 }
      return count
    }
  }

  /// The same, with few calls of librdkafka: for a consumer without a group whose partitions the calling thread alone
  /// assigns, seeks and pauses. No message of a larger batch can get lost then.
  /// - Returns: the number of messages, 0 after a time-out or a wake.
  @discardableResult
  public func consumeAssigned(into batch: inout MessageBatch, timeout: Duration) -> Int {
    batch.refill(from: handle) { messages, capacity in
      // With a time-out librdkafka waits until the batch is full.
      let count = rd_kafka_consume_batch_queue(raw, 0, messages, capacity)
      guard count <= 0 else { return count }
      guard rd_kafka_consume_batch_queue(raw, timeout.kafkaMilliseconds, messages, 1) > 0 else { return 0 }
      return capacity > 1
        ? 1 + max(0, rd_kafka_consume_batch_queue(raw, 0, messages + 1, capacity - 1)) : 1
    }
  }

  /// The messages and events that are here, or in the queue this one is forwarded to (`rd_kafka_queue_length`).
  public var count: Int { rd_kafka_queue_length(raw) }

  /// Calls `body` each time something arrives while nothing is here; nil ends that
  /// (`rd_kafka_queue_cb_event_enable`). What is here already is not told: look once after the call.
  ///
  /// Called on librdkafka's threads, which it must not hold up, and where it must not call the client. Not for a queue
  /// that is forwarded. One handler for each queue of librdkafka's, also where several `KafkaQueue`s stand for it.
  public func onArrival(_ body: (@Sendable () -> Void)?) {
    arrival.withLock { current in
      guard current != nil || body != nil else { return }
      let next = body.map(ArrivalHandler.init)
      if let next {
        rd_kafka_queue_cb_event_enable(
          raw, { _, opaque in opaque.map { ArrivalHandler.from($0).body() } },
          Unmanaged.passUnretained(next).toOpaque())
      } else {
        rd_kafka_queue_cb_event_enable(raw, nil, nil)
      }
      // The former one is not called any more: librdkafka calls under the lock that the change above took.
      current = next
    }
  }

  /// Ends the wait of a thread that is blocked in ``consumeBatch(into:timeout:)``, or the next one at once when
  /// none is blocked: a wake is never lost, several before a wait count as one (`rd_kafka_queue_yield`; the
  /// header only speaks of queue polls, batches were measured). Not for signal handlers.
  ///
  /// Waking a queue that is forwarded wakes its destination.
  public func wake() { rd_kafka_queue_yield(raw) }
}

/// A closure that librdkafka can know as an opaque.
private final class ArrivalHandler: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  static func from(_ opaque: UnsafeMutableRawPointer) -> ArrivalHandler {
    Unmanaged<ArrivalHandler>.fromOpaque(opaque).takeUnretainedValue()
  }
}
