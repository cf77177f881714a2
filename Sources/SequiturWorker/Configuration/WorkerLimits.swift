import PartitionEngine
import RocksDB
import Sequitur
import SequiturTopics

// The bounds of a worker, and what must hold between them. What a user chooses stands in `WorkerConfiguration`,
// `WorkerTimeouts`, `Limits` and `MemoryBudget`.

/// The bounds of a lane.
enum LaneLimits {
  /// Messages of one partition taken at once, before it is the next one's turn; between 10 and 1,000 it hardly
  /// matters for speed (measured).
  static let messagesPerBatch = 1000
  /// How long a lane without work blocks before it looks at its partitions' drains.
  static let idleWait = Duration.milliseconds(250)
  /// How long a release waits for a transaction to end after it was given up.
  static let abandonGrace = Duration.seconds(5)
  /// How long a lane pauses after its store failed.
  static let storePause = Duration.milliseconds(500)
}

/// The bounds of the intake.
enum IntakeLimits {
  /// What librdkafka 2.0.2 adds to a record's key and value: its message, its place in the response, the allocator's
  /// share.
  static let recordOverheadBytes = 500
  /// Of it, the message, without its place in the response.
  static let messageBytes = 350
  /// Of a record, before any was taken.
  static let recordBytesAssumed = 1000
  /// A small record in a fetch's response: key, value, headers.
  static let recordBytesMin = 64
  /// The longest hold: half of librdkafka's `socket.timeout.ms`, since other requests may wait for the same thread.
  /// One fetch in so long a time is let through while all wait for something else, such as for room on the disk.
  static let holdMax = Duration.seconds(30)
  /// How often a hold looks whether there is room without having been told.
  static let look = Duration.milliseconds(10)
  /// How long nothing may be taken before the lanes count as standing still.
  static let standstill = Duration.milliseconds(250)
}

/// The bounds of the drain.
enum DrainLimits {
  /// Between two tries of a write that fails.
  static let retryInterval = Duration.seconds(1)
  /// Between two looks at the memtables' size.
  static let memtableInterval = Duration.milliseconds(5)
  /// How long a drain waits for memtables; beyond it, the flush has failed, and the write will say why.
  static let memtableWait = Duration.seconds(5)
  /// How long writes fail before the store is opened again; RocksDB's own recovery looks every five seconds.
  static let reopenInterval = Duration.seconds(15)
}

/// The bounds of a restore.
enum RestoreLimits {
  /// From this many records on, a restore makes table files instead of batches.
  static let recordsForRuns: Int64 = 10_000
  /// Flushes a partition's memtable after this many changelog records; bounds what a crash replays.
  static let replayRecordsMax: Int64 = 500_000
  /// How often a restore looks whether the transaction that it waits for has ended.
  static let stableInterval = Duration.milliseconds(50)
  /// How often a restore logs how far it is.
  static let reportInterval = Duration.seconds(2)
  /// Between two tries of a call that failed.
  static let retryInterval = Duration.milliseconds(100)
  /// Between two tries of a whole restore.
  static let backoff = Backoff(first: .milliseconds(200), longest: .seconds(5))
}

/// The bounds of being a member of the group.
enum GroupLimits {
  /// The longest single poll of the membership, so that a stop is noticed.
  static let pollSlice = Duration.milliseconds(100)
  /// How often a worker that waits for an assignment says so.
  static let waitReportInterval = Duration.seconds(5)
  /// How often a fault of joining that lasts is told again.
  static let joinReportInterval = Duration.seconds(30)
}

/// The bounds of the worker's watch.
enum WatchLimits {
  /// Between two looks.
  static let interval = Duration.seconds(1)
  /// The longest that the cluster is waited for in a look.
  static let call = Duration.seconds(2)
  /// Partitions whose ends are asked for in a look; with more they take turns.
  static let partitionsPerLook = 16
  /// Of so many looks one asks the store and the system.
  static let storeLooks = 5
}

/// The bounds of incidents that keep outcomes from being written.
enum IncidentLimits {
  /// The longest pause between two tries of a transaction that is refused.
  static let pauseMax = Duration.seconds(10)
  /// How often an incident that lasts is told again.
  static let reportInterval = Duration.seconds(60)
}

/// The bounds of starting anew.
enum WorkerLifeLimits {
  /// Resets the back-off for a loss that comes later than this after a start.
  static let calm = Duration.seconds(60)
  /// How often a fenced worker looks whether its instance id is free.
  static let instanceInterval = Duration.seconds(5)

  /// 1 s, 2 s, … up to 30 s.
  static func backoff(_ attempt: Int) -> Duration {
    Backoff(first: .seconds(1), longest: .seconds(30)).pause(after: attempt)
  }

  /// Between two tries to make a lane's producer at the start.
  static let producerBackoff = Backoff(first: .milliseconds(100), longest: .seconds(2))
  /// How often a worker that ends when caught up looks at partitions of others, and how long each look may take.
  static let catchUpInterval = Duration.seconds(1)
}

/// What librdkafka may hold in memory.
enum KafkaBudget {
  /// One fetch of one partition.
  static let fetchBytesMax = 1 << 20
  /// One fetch of all partitions: librdkafka's default, which stays below its `receive.message.max.bytes`.
  static let responseBytesMax = 50 << 20
  /// Fetched and waiting, of one partition: librdkafka's own limits.
  static let queuedKilobytesMax = 2_097_151
  static let queuedMessagesMax = 10_000_000
  /// Records handed to a producer and not yet sent: above four times the largest transaction's.
  static let producerMessages = 250_000
  /// No bound of its own: a transaction is bounded before it gets there, and what one command makes must fit.
  static func producerBytesMin(_ limits: Limits) -> Int { max(4 * limits.transactionBytesMax, 4 << 20) }
  /// Records of one produce request: librdkafka's defaults.
  static let batchBytes = 1_000_000
  static let batchRecords = 10_000
  /// Longer than it takes to hand over a part of a transaction: its end is told by a flush. With librdkafka's 5 ms a part
  /// would go in two requests. Less where a transaction may take less than twice as long.
  static let linger = Duration.seconds(1)
  /// The largest record that librdkafka passes on; the topics' own limits are below.
  static let messageBytes = 16 << 20
  /// Between two statistics of the group's member.
  static let statisticsInterval = Duration.seconds(5)
}

/// What must hold between the limits: a change of one that breaks another is found by the test that asserts these.
enum LimitRelations {
  /// The relations that do not hold, a sentence each; none.
  static var broken: [String] {
    var broken: [String] = []
    func expect(_ holds: Bool, _ sentence: String) { if !holds { broken.append(sentence) } }
    expect(WorkerTimeouts().faults.isEmpty, "the default time-outs fit together")
    expect(Limits().faults.isEmpty, "the default limits are within their ranges")
    expect(
      (10...1000).contains(LaneLimits.messagesPerBatch),
      "batches of 10 to 1,000 serve equally well (measured)")
    expect(
      LaneLimits.idleWait < WorkerTimeouts().heartbeat,
      "an idle lane looks at its drains more often than the group hears of the worker")
    expect(
      LaneLimits.storePause < DrainLimits.reopenInterval,
      "a lane tries its store again before the store is opened again")
    expect(
      IntakeLimits.messageBytes < IntakeLimits.recordOverheadBytes,
      "a message is a part of what librdkafka adds to a record")
    expect(
      IntakeLimits.recordBytesMin < IntakeLimits.recordBytesAssumed,
      "a record is assumed to be larger than the smallest")
    expect(
      IntakeLimits.look < IntakeLimits.standstill, "a hold looks several times before the lanes stand still")
    expect(
      IntakeLimits.standstill < IntakeLimits.holdMax, "a hold sees that the lanes stand still before it ends")
    // socket.timeout.ms is 60 s by default.
    expect(IntakeLimits.holdMax * 2 <= .seconds(60), "a request that waits behind a hold is not timed out")
    expect(
      DrainLimits.memtableInterval < DrainLimits.memtableWait,
      "the memtables are looked at while a drain waits")
    expect(
      DrainLimits.retryInterval < DrainLimits.reopenInterval,
      "a write is tried several times before the store is opened again")
    // RocksDB looks every five seconds whether the disk is back.
    expect(DrainLimits.reopenInterval > .seconds(5), "RocksDB's own recovery comes first")
    expect(
      RestoreLimits.recordsForRuns > Int64(ScanLimits.recordsPerBatch),
      "table files are for more than one batch")
    expect(
      RestoreLimits.replayRecordsMax > RestoreLimits.recordsForRuns,
      "a crash replays at least what table files are worth")
    expect(
      RestoreLimits.stableInterval <= ScanLimits.wait,
      "an open transaction is looked at as often as a message")
    expect(
      RestoreLimits.backoff.longest < WorkerTimeouts().restoreProgress,
      "a restore is tried again before it would have failed")
    expect(
      RestoreLimits.retryInterval < WorkerTimeouts().restoreCall,
      "the pause between two calls is shorter than a call may take")
    expect(
      ScanLimits.wait < WorkerTimeouts().restoreProgress, "a read is not given up before it has waited once")
    expect(
      GroupLimits.pollSlice < WorkerTimeouts().pollInterval,
      "the membership is polled before the group gives it up")
    expect(IncidentLimits.pauseMax < IncidentLimits.reportInterval, "an incident is not told at each try")
    expect(
      WorkerLifeLimits.backoff(.max) < WorkerLifeLimits.calm,
      "the longest pause between two starts does not count as calm")
    expect(
      WorkerLifeLimits.producerBackoff.longest < WorkerTimeouts().startup,
      "a producer is tried several times before the start is given up")
    // Limits.faults: a transaction has 50,000 commands at most, and a command several records.
    expect(KafkaBudget.producerMessages >= 4 * 50_000, "a producer holds the largest transaction")
    expect(
      KafkaBudget.batchBytes <= KafkaBudget.messageBytes, "a batch is no larger than what a request may hold")
    expect(
      KafkaBudget.batchRecords <= KafkaBudget.producerMessages, "a producer holds a batch")
    expect(
      KafkaBudget.linger < WorkerTimeouts().transaction,
      "a part of a transaction is sent before it is given up")
    // Limits.faults allows records of 16 MiB.
    expect(KafkaBudget.messageBytes >= 16 << 20, "the largest record passes the producer")
    expect(
      KafkaBudget.fetchBytesMax <= KafkaBudget.responseBytesMax, "one partition's fetch fits into a response")
    // receive.message.max.bytes is 100,000,000 by default.
    expect(KafkaBudget.responseBytesMax < 100_000_000, "a response is no larger than the client takes")
    expect(
      MemoryBudget(bytes: MemoryBudget.bytesMin).fetchResponseBytes <= KafkaBudget.responseBytesMax,
      "the smallest budget asks for no larger response")
    expect(
      WatchLimits.interval + WatchLimits.call * 2 < ProgressWatch.stallMax,
      "the watch looks again before its last look counts as too old")
    return broken
  }
}
