import BlockingThreads
import KafkaClient
import Logging
import Synchronization

/// Reads short ranges of committed records, one after the other.
///
/// One consumer without a group. Between two reads its partition is paused: then nothing is fetched in vain, and nothing
/// that was fetched for the read before stands in the queue. librdkafka counts such records, and its thread sleeps up to a second
/// when it finds the queue at its bound (`rd_kafka_broker_serve`, 2.0.2).
/// Thread rule: one thread at a time; blocks.
final class RecordFetcher: Sendable {
  private let consumer: KafkaConsumer
  private let assigned = Mutex<TopicPartition?>(nil)

  init(kafka: KafkaConfiguration, logger: Logger) throws(KafkaError) {
    let own: KafkaConfiguration = [
      "isolation.level": "read_committed", "enable.partition.eof": "true", "auto.offset.reset": "error",
      // The bound in bytes is the one that counts.
      "fetch.wait.max.ms": "10", "queued.min.messages": "100000",
      "queued.max.messages.kbytes": "\(GatewayLimits.fetchedBytes >> 10)",
      "fetch.message.max.bytes": "\(GatewayLimits.fetchBytes)",
    ]
    consumer = try KafkaConsumer(configuration: kafka.merging(own), logger: logger)
  }

  /// The partition's first offset, and the end of what is committed.
  func bounds(of topic: String, _ partition: Int32) throws(KafkaError) -> (low: Int64, high: Int64) {
    let stable = try consumer.watermarks(topic: topic, partition: partition, timeout: GatewayLimits.fetchTime)
    return (stable.low, stable.high)
  }

  /// Lends the committed records of a range in order, until there are no more or `body` says that it has enough.
  ///
  /// - Parameters:
  ///   - end: at most the end of what is committed.
  ///   - request: who asks; when it is abandoned, reading ends.
  ///   - body: returns whether to go on.
  /// - Throws: `timedOut` when nothing came for too long; `CancellationError`; what the consumer reports that does not pass.
  func read(
    _ topic: String, _ partition: Int32, from start: Int64, below end: Int64, for request: FetchRequest,
    _ body: (borrowing Message) -> Bool
  ) throws {
    guard start < end else { return }
    let place = TopicPartition(topic: topic, partition: partition)
    try begin(place, at: start)
    defer { try? consumer.pause([place]) }
    var batch = MessageBatch(capacity: 100)
    var deadline = ContinuousClock.now + GatewayLimits.fetchTime
    while ContinuousClock.now < deadline {
      try request.check()
      guard consumer.mainQueue.consumeBatch(into: &batch, timeout: GatewayLimits.readWait) > 0 else {
        continue
      }
      deadline = ContinuousClock.now + GatewayLimits.fetchTime
      for index in 0..<batch.count {
        let message = batch[index]
        guard message.partition == partition, message.topic == topic, message.offset >= start else {
          continue
        }
        if message.isEndOfPartition { return }
        if let error = message.error {
          guard error.isRetriable else { throw error }
          continue
        }
        guard message.offset < end, body(message) else { return }
        if message.offset == end - 1 { return }
      }
    }
    throw KafkaError(
      code: .timedOut, operation: "read records", detail: "nothing came within \(GatewayLimits.fetchTime)",
      topic: topic, partition: partition, isRetriable: true)
  }

  /// Goes to an offset. A seek is at once where the start of a partition may take a second, since it wakes the broker's thread
  /// (2.0.2).
  private func begin(_ place: TopicPartition, at offset: Int64) throws(KafkaError) {
    if assigned.withLock({ $0 }) != place {
      try consumer.assign([
        TopicPartitionOffset(topic: place.topic, partition: place.partition, offset: offset)
      ])
      assigned.withLock { $0 = place }
    }
    try consumer.begin(
      topic: place.topic, partition: place.partition, offset: offset, timeout: GatewayLimits.fetchTime)
  }
}
