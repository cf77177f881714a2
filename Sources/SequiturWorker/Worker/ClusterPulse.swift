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
  private let reader: CommandReader
  /// Where a partition's position is known to have nothing but control records and aborted commands behind it, up to an end.
  private var empty: [Int32: (position: Int64, end: Int64)] = [:]
  private var answeredAt = ContinuousClock.now
  private var next = 0

  /// By partition, as it was told last.
  private(set) var ends: [Int32: End] = [:]
  /// Why the last question has no answer; nil when it has one.
  private(set) var fault: String?

  init(topic: String, admin: KafkaAdmin, consumer: KafkaConsumer, reader: CommandReader) {
    self.topic = topic
    self.reader = reader
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

  /// Whether no command stands from a position up to the end that was told last: then none waits. A transaction of a sender ends
  /// with a control record, which takes an offset and is never delivered, and an aborted one leaves more of them.
  ///
  /// To be asked for a position that has stood still, since it reads.
  mutating func hasNoCommands(_ partition: Int32, from position: Int64) -> Bool {
    guard let end = ends[partition], let stable = end.stable, stable >= end.high, position < stable else {
      return false
    }
    if let known = empty[partition], known == (position, stable) { return true }
    guard
      let found = try? reader.endWithoutRecords(from: position, of: partition, timeout: WatchLimits.call),
      found >= stable
    else { return false }
    empty[partition] = (position, stable)
    return true
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
