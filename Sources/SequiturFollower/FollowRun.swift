import KafkaClient
import Logging
import PartitionEngine
import SequiturTopics

/// One run of a follower: feeds what the reader brings to the partitions. Lives on the follower's thread.
struct FollowRun: ~Copyable {
  private let configuration: FollowerConfiguration
  private let door: SinkDoor
  private let consumer: KafkaConsumer
  /// Asks where committed records end. On the reader's connection the answer would wait behind a fetch, for as long as
  /// that waits for records.
  private let asker: KafkaConsumer
  private let admin: KafkaAdmin
  private let waits: TokenWaits
  private let report: (Int32, FollowStatus) -> Void
  private var partitions: [FollowedPartition] = []
  /// By partition number: where it is in `partitions`.
  private var slots: [Int32: Int] = [:]
  private var records: RecordReader
  private var watch = FollowWatch()
  private var lastCheck: ContinuousClock.Instant?
  /// The most messages that waited since fetching was woken last.
  private var queuedMost = 0
  /// Turns since the sink was offered what is ready.
  private var gathered = 0
  /// Reading begins anew where the sink stands: somebody has moved it, or the offset to read is not there.
  private var isToBegin = true

  init(
    _ configuration: FollowerConfiguration, _ door: SinkDoor, _ consumer: KafkaConsumer, _ waits: TokenWaits,
    report: @escaping (Int32, FollowStatus) -> Void
  ) throws {
    let ids = try FollowedPartitions.find(configuration)
    let asker = try KafkaConsumer(configuration: configuration.reader, logger: configuration.logger)
    admin = try KafkaAdmin(configuration: configuration.kafka, logger: configuration.logger)
    self.asker = asker
    self.configuration = configuration
    self.door = door
    self.consumer = consumer
    self.waits = waits
    self.report = report
    records = RecordReader(configuration.topic)
    for id in ids.wanted {
      slots[id] = partitions.count
      partitions.append(FollowedPartition(id, of: ids.count, configuration))
    }
  }

  /// Reads and applies until it is stopped, or has caught up and is to stop then.
  mutating func follow() throws {
    var batch = MessageBatch(capacity: ScanLimits.recordsPerBatch)
    try begin()
    while !door.isStopped {
      if isToBegin { try beginAgain() }
      if configuration.stopsWhenCaughtUp, !isToBegin, partitions.allSatisfy(\.isCaughtUp) { return }
      consumer.mainQueue.consumeAssigned(into: &batch, timeout: FollowLimits.wait)
      keepFetching()
      let now = ContinuousClock.now
      try batch.drain { message in
        if !isToBegin { try take(message, now) }
      }
      // What waits already makes the same transaction larger, up to a bound.
      guard !mayGather() else { continue }
      try applyReady()
      try check(now)
      try look(now)
    }
  }

  // MARK: The beginning

  /// Asks sink and broker where each partition begins, and reads from there.
  private mutating func begin() throws {
    var starts: [TopicPartitionOffset] = []
    for index in partitions.indices {
      let id = partitions[index].id
      let bounds = try bounds(of: id)
      let from = try partitions[index].begin(at: try door.sink.position(of: id), bounds)
      starts.append(TopicPartitionOffset(topic: configuration.topic.name, partition: id, offset: from))
    }
    try consumer.assign(starts)
    isToBegin = false
    try tell()
  }

  /// The same in the middle of a run, where a broker that does not answer is waited for.
  private mutating func beginAgain() throws {
    do {
      try begin()
    } catch let error as KafkaError where error.isRetriable {
      note(error)
    }
  }

  private func bounds(of id: Int32) throws(KafkaError) -> (start: Int64, stable: Int64, high: Int64) {
    let name = configuration.topic.name
    // The stable end first: what is below it is committed, so the high watermark is not below it.
    let stable = try asker.watermarks(topic: name, partition: id, timeout: KafkaLimits.call).high
    let written = try admin.watermarks(topic: name, partition: id, timeout: KafkaLimits.call)
    return (written.low, min(stable, written.high), written.high)
  }

  // MARK: Records

  private mutating func take(_ message: borrowing Message, _ now: ContinuousClock.Instant) throws {
    guard let slot = slots[message.partition], message.isRecord || message.isEndOfPartition else {
      if let error = message.error { try fail(error) }
      return
    }
    watch.lastError = nil
    if message.isEndOfPartition {
      partitions[slot].reached(message.offset, now)
    } else {
      settle(try partitions[slot].take(message, &records, door, now))
    }
  }

  /// Wakes what fetches when half of what waited has been read, since it may sleep where the queue was full. Not where hardly
  /// more is to be fetched: there the request would wait behind a fetch that waits for records.
  private mutating func keepFetching() {
    let queued = consumer.mainQueue.count
    queuedMost = max(queuedMost, queued)
    guard queued < queuedMost / 2, queuedMost > ScanLimits.recordsPerBatch else { return }
    queuedMost = queued
    let statuses = partitions.map(\.status)
    guard statuses.reduce(0, { $0 + $1.remaining }) > 2 * queued + FollowLimits.wakeAtLeast else { return }
    for (partition, status) in zip(partitions, statuses) where status.remaining > FollowLimits.wakeAtLeast {
      consumer.wakeFetcher(
        topic: configuration.topic.name, partition: partition.id, timeout: FollowLimits.wake)
    }
  }

  /// Whether to take more before the sink is given what is ready: there is more at hand, and the bound is not reached.
  private mutating func mayGather() -> Bool {
    guard !isToBegin, gathered < FollowLimits.turnsGathered, consumer.mainQueue.count > 0,
      partitions.reduce(0, { $0 + $1.heldBytes }) < FollowLimits.batchBytes
    else {
      gathered = 0
      return false
    }
    gathered += 1
    return true
  }

  private mutating func applyReady() throws {
    for index in partitions.indices where !isToBegin && partitions[index].hasReady {
      settle(try partitions[index].apply(door))
    }
    try tell()
  }

  /// Says how far each partition is, to whom it may concern.
  private mutating func tell() throws {
    for index in partitions.indices {
      guard let status = partitions[index].takeNews() else { continue }
      try door.sink.progressed(partitions[index].id, status)
      report(partitions[index].id, status)
    }
  }

  /// Asks where committed records end: of the partitions whose tokens are waited for, and of all from time to time.
  ///
  /// What is asked before a read is below it. A sink that has been given everything up to there was current at that moment.
  private mutating func check(_ now: ContinuousClock.Instant) throws {
    guard !isToBegin else { return }
    let wanted = waits.takePartitionsToAsk()
    let due = partitions.indices.lazy.filter { [partitions, configuration] index in
      partitions[index].askedAt.map { now - $0 > configuration.checkInterval } ?? true
    }
    var asked = wanted.compactMap { slots[$0] }
    if lastCheck.map({ now - $0 > configuration.checkInterval / 4 }) ?? true {
      asked += due.prefix(FollowLimits.checksPerTurn)
      lastCheck = now
    }
    guard !asked.isEmpty else { return }
    do {
      for index in asked where !door.isStopped {
        let moment = ContinuousClock.now
        let end = try asker.watermarks(
          topic: configuration.topic.name, partition: partitions[index].id, timeout: FollowLimits.check
        ).high
        partitions[index].ended(at: end, asked: moment)
      }
    } catch {
      // The tokens wait on, and their time-out says what is missing.
      waits.askAgain(wanted)
      note(error)
    }
    try tell()
  }

  private mutating func settle(_ outcome: SinkDoor.Outcome) {
    if case .fenced = outcome { isToBegin = true }
  }

  // MARK: Trouble

  /// An offset that is gone is looked into. Everything else passes or does not, and then the silence is told.
  private mutating func fail(_ error: KafkaError) throws {
    switch error.code {
    case .autoOffsetReset, .offsetOutOfRange: isToBegin = true
    case .topicAuthorizationFailed: throw error
    default: note(error)
    }
  }

  private mutating func note(_ error: KafkaError) {
    watch.lastError = error
    warn(error)
  }

  private mutating func warn(_ error: KafkaError) {
    guard watch.isNews(error) else { return }
    configuration.logger.warning("following is held up", metadata: ["error": "\(error)"])
  }

  /// Looks into it when nothing comes although there is something to read.
  private mutating func look(_ now: ContinuousClock.Instant) throws {
    if let fatal = consumer.fatalError { throw fatal }
    let quiet = partitions.indices.filter { index in
      (isToBegin || !partitions[index].isCaughtUp)
        && now - partitions[index].quietSince > FollowLimits.patience
    }
    guard !quiet.isEmpty, watch.isDue(now) else { return }
    do {
      for index in quiet where !isToBegin { try askEnds(of: index, now) }
    } catch let error as KafkaError {
      note(error)
    }
    let since = quiet.map { partitions[$0].quietSince }.min() ?? now
    guard now - since > configuration.silenceMax else { return }
    let error = KafkaError(
      code: .timedOut, operation: "follow the topic \(configuration.topic.name)",
      detail: "nothing came for \((now - since).components.seconds) s"
        + (watch.lastError.map { "; the last error: \($0.detail)" } ?? ""),
      topic: configuration.topic.name, isRetriable: true)
    if configuration.stopsWhenCaughtUp { throw error }
    warn(error)
  }

  /// Asks whether an open transaction keeps records back: the broker is not silent then, and will end it.
  private mutating func askEnds(of index: Int, _ now: ContinuousClock.Instant) throws {
    let id = partitions[index].id
    let bounds = try bounds(of: id)
    try partitions[index].endsRead(stable: bounds.stable, high: bounds.high)
    let offset = partitions[index].heldBackAt
    if offset != nil { partitions[index].quietSince = now }
    guard let age = watch.heldBack(id, at: offset, now), let offset else { return }
    configuration.logger.warning(
      """
      an open transaction keeps committed records back; the broker ends it when its time is over, or \
      kafka-transactions.sh abort does
      """,
      metadata: [
        "topic": "\(configuration.topic.name)", "partition": "\(id)", "offset": "\(offset)",
        "seconds": "\(age.components.seconds)",
      ])
  }
}

/// Which partitions a follower reads.
private enum FollowedPartitions {
  /// - Throws: `TopicFault` for a topic that cannot be read; `KafkaError` for a partition that is not there.
  static func find(_ configuration: FollowerConfiguration) throws -> (wanted: [Int32], count: Int32) {
    let name = configuration.topic.name
    let metadata = try TopicLookUp.metadata(name, kafka: configuration.kafka, logger: configuration.logger)
    let all = Set(metadata.topic(name)?.partitions.map(\.id) ?? [])
    let wanted = Set(configuration.partitions ?? Array(all)).sorted()
    if let missing = wanted.first(where: { !all.contains($0) }) {
      throw KafkaError(
        code: .unknownPartition, operation: "follow the topic \(name)",
        detail: "it has \(all.count) partitions", topic: name, partition: missing)
    }
    return (wanted, Int32(all.count))
  }
}
