import KafkaClient
import Logging
import Sequitur

/// Reads from a changelog for how many partitions it was written.
///
/// A worker with a store finds that in the store's header. One without would notice on the partitions it restores, but
/// partitions that were added have no checkpoint yet: it would serve keys there whose state lies elsewhere.
package struct ChangelogShape {
  private let topic: String
  private let partitions: Int32
  private let admin: KafkaAdmin
  private let configuration: KafkaConfiguration
  private let call: Duration
  private let logger: Logger

  /// - Parameters:
  ///   - configuration: a changelog reader's.
  ///   - call: how long the broker may stay silent.
  package init(
    topic: String, partitions: Int32, admin: KafkaAdmin, configuration: KafkaConfiguration, call: Duration,
    logger: Logger
  ) {
    self.topic = topic
    self.partitions = partitions
    self.admin = admin
    self.configuration = configuration
    self.call = call
    self.logger = logger
  }

  /// The number of partitions that the newest checkpoint of the first partition with one names; nil when there is
  /// none. Blocks.
  package func partitionsWritten() throws(KafkaError) -> Int32? {
    for partition in 0..<partitions {
      let bounds = try admin.watermarks(topic: topic, partition: partition, timeout: call)
      for tail in Self.tails where bounds.high > bounds.low {
        let from = max(bounds.low, bounds.high - tail)
        if let found = try newest(partition, from: from, to: bounds.high) { return found }
        if from == bounds.low { break }
      }
    }
    return nil
  }

  /// Each transaction ends with its checkpoint, so the last records have one, unless the last transaction was given up
  /// halfway: then there is one within the largest transaction before.
  private static let tails: [Int64] = [100, 100_000]

  /// Uncommitted checkpoints count: they name the same number.
  private func newest(
    _ partition: Int32, from: Int64, to end: Int64
  ) throws(KafkaError) -> Int32? {
    var found: Int32?
    do {
      var scan = try PartitionScan(
        of: topic, partition: partition, from: from, to: end, isolation: .uncommitted, silenceMax: call,
        kafka: configuration, logger: logger)
      while !scan.isAtEnd {
        try scan.step { message in
          guard let key = message.key, key.isEmpty, let value = message.value else { return }
          if let checkpoint = try? CheckpointRecord(decoding: value) { found = checkpoint.partitions }
        }
      }
    } catch let error as KafkaError {
      throw error
    } catch {
      throw KafkaError(
        code: .timedOut, operation: "read the end of the changelog \(topic)/\(partition)",
        detail: "nothing came for \(call)", isRetriable: true)
    }
    return found
  }
}
