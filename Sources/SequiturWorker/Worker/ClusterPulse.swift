import KafkaClient

/// Asks the cluster where the commands of a few partitions end, and so whether it answers at all. Blocks, on one thread.
struct ClusterPulse {
  /// Where a partition's commands end.
  struct End: Sendable {
    /// Of all records.
    var high: Int64
    /// Of those below the first open transaction; nil: not asked, since everything is processed.
    var stable: Int64?
  }

  private let topic: String
  private let admin: KafkaAdmin
  private let consumer: KafkaConsumer
  private var answeredAt = ContinuousClock.now
  private var next = 0

  /// By partition, as it was told last.
  private(set) var ends: [Int32: End] = [:]
  /// Why the last question has no answer; nil when it has one.
  private(set) var fault: String?

  init(topic: String, admin: KafkaAdmin, consumer: KafkaConsumer) {
    self.topic = topic
    self.admin = admin
    self.consumer = consumer
  }

  /// Since the last answer.
  var silence: Duration { fault == nil ? .zero : ContinuousClock.now - answeredAt }

  /// Asks about the next few of these partitions; without any, about the first one of the topic.
  mutating func ask(about partitions: [Int32]) {
    ends = ends.filter { partitions.contains($0.key) }
    let candidates = partitions.isEmpty ? [0] : partitions
    for _ in 0..<min(candidates.count, WatchLimits.partitionsPerLook) {
      let partition = candidates[next % candidates.count]
      next = (next + 1) % candidates.count
      guard ask(partition) else { return }
    }
  }

  /// Returns false when nobody answered.
  private mutating func ask(_ partition: Int32) -> Bool {
    do throws(KafkaError) {
      let high = try admin.watermarks(topic: topic, partition: partition, timeout: WatchLimits.call).high
      let stable = try consumer.watermarks(topic: topic, partition: partition, timeout: WatchLimits.call).high
      ends[partition] = End(high: high, stable: stable)
      answeredAt = .now
      fault = nil
      return true
    } catch {
      fault = "\(error)"
      return false
    }
  }
}
