import KafkaClient
import Logging
import PartitionEngine

/// Goes through a partition's committed records one after the other, up to an end that is known beforehand.
///
/// Thread rule: one thread. Blocks.
final class RecordCursor {
  /// How long an open transaction before the end is waited for.
  private static let transactionWaitMax = Duration.seconds(30)
  /// How long the broker may send nothing at all.
  private static let silenceMax = Duration.seconds(60)
  /// How long a fetch that is under way is waited for before librdkafka is woken.
  private static let fetchTime = Duration.milliseconds(2)
  private static let look = Duration.milliseconds(100)

  let topic: String
  private let consumer: KafkaConsumer
  private var batch = MessageBatch(capacity: 1_000)
  private var index = -1
  private var partition: Int32 = -1
  private var start: Int64 = 0
  private var end = Int64.min
  private var stoppedAt: Int64?

  init(topic: String, kafka: KafkaConfiguration, logger: Logger) throws(KafkaError) {
    self.topic = topic
    let own: KafkaConfiguration = [
      "isolation.level": "read_committed", "enable.partition.eof": "true", "auto.offset.reset": "error",
      // The end of each partition costs one fetch that finds nothing; the default waits half a second for it.
      "fetch.wait.max.ms": "10",
    ]
    consumer = try KafkaConsumer(configuration: kafka.merging(own), logger: logger)
  }

  /// Begins with a partition: `advance` gives its records from `start` to below `end`.
  func open(_ partition: Int32, from start: Int64, to end: Int64) throws(KafkaError) {
    self.partition = partition
    self.start = start
    self.end = start < end ? end : .min
    stoppedAt = nil
    index = -1
    batch.removeAll()
    try consumer.assign(
      start < end ? [TopicPartitionOffset(topic: topic, partition: partition, offset: start)] : [])
  }

  /// Goes to the next record; false behind the last one. The one before is no longer valid.
  func advance() throws(KafkaError) -> Bool {
    var quietSince: ContinuousClock.Instant?
    while end != .min {
      index += 1
      while index < batch.count {
        if try take() { return end != .min }
        index += 1
      }
      index = -1
      let wait = quietSince == nil ? Self.fetchTime : Self.look
      if consumer.mainQueue.consumeBatch(into: &batch, timeout: wait) > 0 {
        quietSince = nil
      } else if let since = quietSince {
        try checkSilence(ContinuousClock.now - since)
      } else {
        quietSince = .now
        // 76,000 commands/s were rehearsed without this, 146,000 and more with it.
        consumer.wakeFetcher(topic: topic, partition: partition, timeout: Self.look)
      }
    }
    return false
  }

  /// The record that the last `advance` came to.
  func withRecord<Result, E: Error>(
    _ body: (borrowing Message) throws(E) -> Result
  ) throws(E) -> Result {
    try batch.withMessage(at: index) { message throws(E) in try body(message) }
  }

  /// The same as its place in the batch that it came with.
  func withBatch<Result, E: Error>(
    _ body: (borrowing MessageBatch, Int) throws(E) -> Result
  ) throws(E) -> Result {
    try body(batch, index)
  }

  /// What a message is.
  private enum Found {
    case nothing
    case end(Int64)
    case record(Int64)
  }

  /// Whether the message is what was looked for: a record, or the end.
  private func take() throws(KafkaError) -> Bool {
    let (partition, start) = (partition, start)
    let found = try batch.withMessage(at: index) { message throws(KafkaError) -> Found in
      if let error = message.error { throw error }
      // What was fetched for what was open before.
      guard message.partition == partition, message.offset >= start else { return .nothing }
      return message.isEndOfPartition ? .end(message.offset) : .record(message.offset)
    }
    switch found {
    case .nothing: return false
    case .end(let offset):
      stoppedAt = offset
      if offset >= end { end = .min }
      return end == .min
    case .record(let offset):
      stoppedAt = nil
      if offset >= end { end = .min }
      return true
    }
  }

  private func checkSilence(_ time: Duration) throws(KafkaError) {
    if let stoppedAt, time > Self.transactionWaitMax {
      throw KafkaError(
        code: .timedOut, operation: "read a partition to its end",
        detail: "a transaction is open from offset \(stoppedAt) on", topic: topic, partition: partition)
    }
    guard time < Self.silenceMax else {
      throw KafkaError(
        code: .timedOut, operation: "read a partition to its end",
        detail: "the broker sent nothing for \(Self.silenceMax)", topic: topic, partition: partition)
    }
  }
}
