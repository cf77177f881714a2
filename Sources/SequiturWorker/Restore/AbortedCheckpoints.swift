import KafkaClient
import Sequitur
import SequiturTopics

/// Looks through a part of a partition's changelog for the checkpoints of all transactions, aborted ones included.
struct AbortedCheckpoints {
  let job: RestoreJob

  /// The positions of the checkpoints from one offset to another. Blocks.
  ///
  /// - Throws: `CancellationError`, `RestoreStalled`, errors of Kafka.
  func positions(from: Int64, to target: Int64) throws -> [Int64] {
    var properties = job.readerConfiguration
    properties["isolation.level"] = "read_uncommitted"
    let reader = try KafkaConsumer(configuration: properties, logger: job.logger)
    let topic = job.topics.changelog
    try reader.assign([TopicPartitionOffset(topic: topic, partition: job.partition, offset: from)])
    var source = QueueReader(capacity: ScanLimits.recordsPerBatch)
    var positions: [Int64] = []
    var next = from
    var lastProgress = ContinuousClock.now
    while next < target {
      if job.cancellation.isCancelled { throw CancellationError() }
      source.take(from: reader.mainQueue)
      if source.messages.isEmpty { source.wait(for: reader.mainQueue, timeout: ScanLimits.wait) }
      let before = next
      for index in 0..<source.messages.count {
        let message = source.messages[index]
        guard message.isEndOfPartition || message.isRecord else { continue }
        next = max(next, message.isRecord ? message.offset + 1 : message.offset)
        guard message.isRecord, message.offset < target, let key = message.key, key.isEmpty,
          let value = message.value, let checkpoint = try? CheckpointRecord(decoding: value)
        else { continue }
        positions.append(checkpoint.position)
      }
      let now = ContinuousClock.now
      if next > before { lastProgress = now }
      guard now - lastProgress <= job.timeouts.restoreProgress else {
        throw RestoreStalled(
          topic: topic, partition: job.partition, position: next, target: target,
          after: job.timeouts.restoreProgress)
      }
    }
    return positions
  }
}
