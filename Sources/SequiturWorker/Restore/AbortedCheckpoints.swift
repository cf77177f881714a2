import Sequitur
import SequiturTopics

/// Looks through a part of a partition's changelog for the checkpoints of all transactions, aborted ones included.
struct AbortedCheckpoints {
  let job: RestoreJob

  /// The positions of the checkpoints from one offset to another. Blocks.
  ///
  /// - Throws: `CancellationError`, `RestoreStalled`, errors of Kafka.
  func positions(from: Int64, to target: Int64) throws -> [Int64] {
    var scan = try PartitionScan(
      of: job.topics.changelog, partition: job.partition, from: from, to: target, isolation: .uncommitted,
      silenceMax: job.timeouts.restoreProgress, kafka: job.readerConfiguration, logger: job.logger)
    var positions: [Int64] = []
    while !scan.isAtEnd {
      if job.cancellation.isCancelled { throw CancellationError() }
      do {
        try scan.step { message in
          guard let key = message.key, key.isEmpty, let value = message.value,
            let checkpoint = try? CheckpointRecord(decoding: value)
          else { return }
          positions.append(checkpoint.position)
        }
      } catch let standstill as PartitionScan.Standstill {
        throw RestoreStalled(
          topic: job.topics.changelog, partition: job.partition, position: standstill.position,
          target: target,
          after: job.timeouts.restoreProgress, lastError: standstill.lastError)
      }
    }
    return positions
  }
}
