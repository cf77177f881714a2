import KafkaClient
import Logging

/// Reads a partition's records from one offset to another.
///
/// The end is known beforehand. A reader of committed records that meets an open transaction before it stays there until
/// the transaction has ended: its first offset is the last stable one, and nothing behind is handed out.
///
/// Thread rule: one thread. Blocks, each step at most ``ScanLimits/wait``.
package struct PartitionScan: ~Copyable {
  /// Which transactions' records are read.
  package enum Isolation: String, Sendable {
    case committed = "read_committed"
    /// Also those of open and aborted ones.
    case uncommitted = "read_uncommitted"
  }

  /// Nothing came for too long.
  package struct Standstill: Error, Sendable {
    /// Everything below it was read.
    package let position: Int64
    package let lastError: KafkaError?
  }

  /// Everything below it was read, or is no record: an aborted one, or a transaction's marker.
  package private(set) var position: Int64
  /// What the client reported last: it is no progress, and no end.
  private var lastError: KafkaError?
  /// The same, until it is taken.
  private var error: KafkaError?

  private let end: Int64
  private let silenceMax: Duration
  private let consumer: KafkaConsumer
  private var batch: MessageBatch
  private var lastProgress = ContinuousClock.now

  /// - Parameters:
  ///   - end: the offset behind the last record to read.
  ///   - silenceMax: how long nothing may come. Errors are nothing, however many come.
  ///   - kafka: a reader's properties, `bootstrap.servers` among them.
  package init(
    of topic: String, partition: Int32, from start: Int64, to end: Int64, isolation: Isolation,
    silenceMax: Duration, kafka: KafkaConfiguration, logger: Logger
  ) throws(KafkaError) {
    let own: KafkaConfiguration = ["isolation.level": isolation.rawValue, "enable.partition.eof": "true"]
    let consumer = try KafkaConsumer(configuration: kafka.merging(own), logger: logger)
    try consumer.assign([TopicPartitionOffset(topic: topic, partition: partition, offset: start)])
    self.consumer = consumer
    batch = MessageBatch(capacity: ScanLimits.recordsPerBatch)
    position = start
    self.end = end
    self.silenceMax = silenceMax
  }

  /// What the client reported since the last call, if anything. Most of it passes.
  package mutating func takeError() -> KafkaError? {
    defer { error = nil }
    return error
  }

  /// Whether everything below the end was read.
  package var isAtEnd: Bool { position >= end }

  /// Takes what has come, or waits a little for it, and lends each record to `body`, in order.
  ///
  /// - Throws: what `body` throws; ``Standstill``.
  package mutating func step(_ body: (borrowing Message) throws -> Void) throws {
    consumer.mainQueue.consumeBatch(into: &batch, timeout: ScanLimits.wait)
    var next = position
    var failure: KafkaError?
    for index in 0..<batch.count {
      let message = batch[index]
      if message.isEndOfPartition {
        next = max(next, message.offset)
      } else if let error = message.error {
        failure = error
      } else if message.offset < end {
        try body(message)
        next = message.offset + 1
      } else {
        next = end
      }
    }
    if let failure {
      error = failure
      lastError = failure
    }
    let now = ContinuousClock.now
    if next > position {
      lastProgress = now
      position = next
    } else if now - lastProgress > silenceMax {
      throw Standstill(position: position, lastError: lastError)
    }
  }
}
