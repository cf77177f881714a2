import CRdKafka
import Synchronization

/// The queue a closing consumer's last events go to; kept, so that closing can be resumed.
final class ClosingQueue: Sendable {
  private let queue = Mutex<KafkaQueue?>(nil)

  /// The queue, made and put to use by the first call.
  func open(_ start: () throws(KafkaError) -> KafkaQueue) throws(KafkaError) -> KafkaQueue {
    let result = queue.withLock { current -> Result<KafkaQueue, KafkaError> in
      if let current { return .success(current) }
      do throws(KafkaError) {
        let started = try start()
        current = started
        return .success(started)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}

extension KafkaConsumer {
  /// Blocks until the consumer has given its partitions back and left its group, or the time-out is over
  /// (`rd_kafka_consumer_close_queue`, which unlike `rd_kafka_consumer_close` never waits without bound).
  ///
  /// The rebalance listener is called on this thread, for what is still assigned. A listener that does not return
  /// is the one thing that can exceed the time-out. Closing a closed consumer does nothing. Nothing but dropping
  /// is of use afterwards.
  /// - Throws: `timedOut`; closing can be continued by another call, or the consumer simply dropped.
  public func close(timeout: Duration) throws(KafkaError) {
    if let reading { return try reading.start([], into: mainQueue) }
    let deadline = ContinuousClock.now + timeout
    guard rd_kafka_consumer_closed(handle.raw) == 0 else { return }
    let queue = try closing.open { () throws(KafkaError) in
      let queue = makeQueue()
      try check(rd_kafka_consumer_close_queue(handle.raw, queue.raw), "close the consumer")
      return queue
    }
    while rd_kafka_consumer_closed(handle.raw) == 0 {
      guard ContinuousClock.now < deadline else {
        throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: "close the consumer within \(timeout)")
      }
      rd_kafka_queue_poll_callback(queue.raw, KafkaLimits.closeSlice.kafkaMilliseconds)
    }
  }
}
