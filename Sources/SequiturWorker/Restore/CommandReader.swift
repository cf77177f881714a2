import KafkaClient
import Logging
import PartitionEngine
import Sequitur
import SequiturTopics
import Synchronization

/// Reads single records of the commands topic, to compare them with what was processed.
///
/// Any number of threads may use it; each has a client for itself, of which one is kept for the next.
final class CommandReader: Sendable {
  private let topic: String
  private let configuration: KafkaConfiguration
  private let logger: Logger
  private let idle = Mutex<KafkaConsumer?>(nil)

  /// - Parameter configuration: a changelog reader's.
  init(topic: String, configuration: KafkaConfiguration, logger: Logger) {
    self.topic = topic
    var configuration = configuration
    // Aborted records are not the one that was processed, but a reader that waits for open transactions could tell
    // nothing of what stands behind their beginning.
    configuration["isolation.level"] = "read_uncommitted"
    configuration["enable.partition.eof"] = "true"
    configuration["auto.offset.reset"] = "error"
    self.configuration = configuration
    self.logger = logger
  }

  /// What stands at an offset. Blocks.
  ///
  /// - Throws: `timedOut` when no broker answers in time, errors of the client.
  func find(at offset: Int64, of partition: Int32, timeout: Duration) throws(KafkaError) -> InputCheck.Found {
    if case .command(let last) = try first(from: offset, of: partition, timeout: timeout),
      last.offset == offset
    {
      return .command(last)
    }
    return .nothing
  }

  /// Where a partition ends, when from an offset on there is no record, not even one of an open or aborted transaction;
  /// nil when there is one. Blocks.
  ///
  /// - Throws: as ``find(at:of:timeout:)``.
  func endWithoutRecords(
    from offset: Int64, of partition: Int32, timeout: Duration
  ) throws(KafkaError) -> Int64? {
    if case .end(let end) = try first(from: offset, of: partition, timeout: timeout) { return end }
    return nil
  }

  /// What comes first from an offset on.
  private enum First {
    case command(LastCommand)
    case end(Int64)
    /// The offset lies outside of the log by now.
    case gone
  }

  private func first(
    from offset: Int64, of partition: Int32, timeout: Duration
  ) throws(KafkaError) -> First {
    let consumer = try takeConsumer()
    try consumer.assign([TopicPartitionOffset(topic: topic, partition: partition, offset: offset)])
    var batch = MessageBatch(capacity: 1)
    var lastError: KafkaError?
    let deadline = ContinuousClock.now + timeout
    while ContinuousClock.now < deadline {
      consumer.mainQueue.consumeBatch(into: &batch, timeout: ScanLimits.wait)
      guard !batch.isEmpty else { continue }
      switch Self.look(batch[0], of: partition) {
      case .found(let first):
        try consumer.assign([])
        keep(consumer)
        return first
      case .failed(let error):
        // Nothing comes before somebody gives the right.
        if error.isMissingRight { throw error }
        lastError = error
      case .other: break
      }
    }
    throw lastError
      ?? KafkaError(
        code: .timedOut, operation: "read the command at offset \(offset) of \(topic)/\(partition)",
        detail: "nothing came for \(timeout)", isRetriable: true)
  }

  /// What a message tells.
  private enum Look {
    case found(First)
    case failed(KafkaError)
    /// It is of another partition.
    case other
  }

  private static func look(_ message: borrowing Message, of partition: Int32) -> Look {
    guard message.partition == partition else { return message.error.map { .failed($0) } ?? .other }
    if message.isEndOfPartition { return .found(.end(message.offset)) }
    if let error = message.error {
      // Deleted since its bounds were asked.
      return [.autoOffsetReset, .offsetOutOfRange].contains(error.code) ? .found(.gone) : .failed(error)
    }
    var headers: [RecordHeader] = []
    _ = message.forEachHeader { headers.append(RecordHeader(name: $0, value: $1)) }
    return .found(
      headers.withUnsafeBufferPointer { .command(LastCommand(CommandRecord(message, headers: $0))) })
  }

  private func takeConsumer() throws(KafkaError) -> KafkaConsumer {
    if let kept = idle.withLock({ idle in
      defer { idle = nil }
      return idle
    }) {
      return kept
    }
    return try KafkaConsumer(configuration: configuration, logger: logger)
  }

  private func keep(_ consumer: KafkaConsumer) { idle.withLock { $0 = $0 ?? consumer } }
}
