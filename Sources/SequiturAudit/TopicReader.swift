import KafkaClient
import Logging
import SequiturTopics

/// Reads a partition's committed records one after the other, up to an end that is known beforehand.
///
/// Thread rule: one thread. Blocks.
package final class TopicReader {
  /// How long an open transaction before the end is waited for.
  private static let transactionWaitMax = Duration.seconds(10)
  /// How long the broker may send nothing at all.
  private static let silenceMax = Duration.seconds(60)

  /// What a message is.
  private enum Found {
    case nothing
    case end(Int64)
    case record(AuditRecord)
  }

  let topic: String
  private let consumer: KafkaConsumer
  private var batch = MessageBatch(capacity: 1000)
  private var next = 0
  private var partition: Int32 = -1
  private var end: Int64 = 0
  private var stoppedAt: Int64?

  /// The record read last; nil at the end.
  package private(set) var current: AuditRecord?
  /// Where an open transaction kept the reader from its end; nil when it got there.
  private(set) var openTransaction: Int64?

  package init(topic: String, kafka: KafkaConfiguration, logger: Logger) throws {
    self.topic = topic
    // Over the user's properties: an audit that reads uncommitted records would prove nothing.
    let own: KafkaConfiguration = [
      "isolation.level": "read_committed", "enable.partition.eof": "true", "auto.offset.reset": "earliest",
      // The end of each partition costs one fetch that finds nothing; the default waits half a second for it.
      "fetch.wait.max.ms": "10",
    ]
    consumer = try KafkaConsumer(configuration: kafka.merging(own), logger: logger)
  }

  /// The oldest offset and the last stable one: before it, every transaction is decided.
  package func stableBounds(_ partition: Int32) throws -> Watermarks {
    try consumer.watermarks(topic: topic, partition: partition, timeout: TopicLookUp.timeout)
  }

  /// Begins with a partition: `advance` gives its records from `start` to below `end`.
  package func open(_ partition: Int32, from start: Int64, to end: Int64) throws {
    self.partition = partition
    self.end = end
    current = nil
    openTransaction = nil
    stoppedAt = nil
    next = 0
    batch.removeAll()
    guard start < end else {
      self.end = .min
      return try consumer.assign([])
    }
    try consumer.assign([TopicPartitionOffset(topic: topic, partition: partition, offset: start)])
  }

  /// Goes to the next record; false behind the last one. The one before is no longer valid.
  @discardableResult
  package func advance() throws -> Bool {
    current = nil
    var quietSince = ContinuousClock.now
    while end != .min {
      while next < batch.count {
        next += 1
        if try take(next - 1) { return current != nil }
      }
      next = 0
      if consumer.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(100)) > 0 {
        quietSince = .now
      } else if try isOver(quietFor: ContinuousClock.now - quietSince) {
        finish()
      }
    }
    return false
  }

  /// Whether the message decided the step: a record, or the end.
  private func take(_ index: Int) throws -> Bool {
    let (found, error) = batch.withMessage(at: index) { message -> (Found, KafkaError?) in
      if message.partition != partition { return (.nothing, message.error) }
      if message.isEndOfPartition { return (.end(message.offset), nil) }
      if let error = message.error { return (.nothing, error) }
      var headers: [AuditHeader] = []
      // A command whose headers nobody can read has none; of another record that is a fault by itself.
      _ = message.forEachHeader { headers.append(AuditHeader(name: $0, value: $1)) }
      return (
        .record(
          AuditRecord(
            offset: message.offset, timestamp: message.timestamp, isAppendTime: message.isAppendTime,
            key: message.key, value: message.value, headers: headers)), nil
      )
    }
    if let error { throw error }
    switch found {
    case .nothing:
      return false
    case .end(let offset):
      stoppedAt = offset
      return offset < end ? false : finish()
    case .record(let record):
      stoppedAt = nil
      guard record.offset < end else { return finish() }
      current = record
      return true
    }
  }

  @discardableResult
  private func finish() -> Bool {
    end = .min
    return true
  }

  private func isOver(quietFor time: Duration) throws -> Bool {
    if let stoppedAt, time > Self.transactionWaitMax {
      openTransaction = stoppedAt
      return true
    }
    guard time < Self.silenceMax else {
      throw KafkaError(
        code: .timedOut, operation: "read a partition to its end",
        detail: "the broker sent nothing for \(Self.silenceMax)", topic: topic, partition: partition)
    }
    return false
  }
}
