import KafkaClient
import Logging
import PartitionEngine
import Sequitur
import SequiturTopics

/// Reads from a changelog which deciders wrote it last, and what its states may look like.
///
/// A restore finds that out as well, but for one partition after the other, long after the start.
struct ChangelogDeciders {
  let topic: String
  let partitions: Int32
  /// A changelog reader's.
  let configuration: KafkaConfiguration
  let call: Duration
  let logger: Logger

  /// What the newest checkpoints say.
  struct Found: Hashable {
    /// Each once.
    var deciders: [FormerDecider] = []
    /// Whether a partition's says nothing, since a version wrote it that did not tell.
    var isUnnamed = false
  }

  /// By the newest committed checkpoint of each partition. Blocks.
  ///
  /// A transaction that somebody left open is not waited for, which would be so long for each partition. The restore
  /// does wait for it, and judges what it finds.
  func newest() throws(KafkaError) -> Found {
    let ends = try KafkaConsumer(
      configuration: configuration.merging(["isolation.level": PartitionScan.Isolation.committed.rawValue]),
      logger: logger)
    var found = Found()
    for partition in 0..<partitions {
      guard let checkpoint = try newest(of: partition, below: ends) else { continue }
      guard checkpoint.decider != nil else {
        found.isUnnamed = true
        continue
      }
      let former = FormerDecider(fingerprint: checkpoint.decider, forms: checkpoint.stateForms)
      if !found.deciders.contains(former) { found.deciders.append(former) }
    }
    return found
  }

  /// Each transaction ends with its checkpoint, so the last records have one, unless the last transaction was given up
  /// halfway: then there is one within the largest transaction before.
  private static let tails: [Int64] = [100, 100_000]

  private func newest(of partition: Int32, below ends: KafkaConsumer) throws(KafkaError) -> CheckpointRecord?
  {
    let bounds = try ends.watermarks(topic: topic, partition: partition, timeout: call)
    for tail in Self.tails where bounds.high > bounds.low {
      let from = max(bounds.low, bounds.high - tail)
      if let found = try newest(of: partition, from: from, to: bounds.high) { return found }
      if from == bounds.low { break }
    }
    return nil
  }

  private func newest(
    of partition: Int32, from: Int64, to end: Int64
  ) throws(KafkaError) -> CheckpointRecord? {
    var found: CheckpointRecord?
    do {
      var scan = try PartitionScan(
        of: topic, partition: partition, from: from, to: end, isolation: .committed, silenceMax: call,
        kafka: configuration, logger: logger)
      while !scan.isAtEnd { try scan.step { found = Self.checkpoint($0) ?? found } }
    } catch let error as KafkaError {
      throw error
    } catch {
      // A broker that has nothing for so long: the restore says that.
    }
    return found
  }

  /// Nil for any other record, also for one that nobody can read: the restore says that.
  private static func checkpoint(_ message: borrowing Message) -> CheckpointRecord? {
    guard let key = message.key, key.isEmpty else { return nil }
    var decoder = ChangelogDecoder()
    if case .checkpoint(let checkpoint)? = try? decoder.decode(message) { return checkpoint }
    return nil
  }
}
