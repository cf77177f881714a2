import BlockingThreads
import KafkaClient
import Logging
import PartitionEngine
import RocksDB
import Sequitur

/// The thread that looks once a second whether the worker goes on, tells why it does not, and sets the gauges.
///
/// It asks no lane and no actor, which may be what stands still: only what they note in passing. `ProgressWatch` judges.
final class WorkerWatch: Sendable {
  /// What it looks at.
  struct Parts: Sendable {
    let configuration: WorkerConfiguration
    let statistics: WorkerStatistics
    let admin: KafkaAdmin
    let consumer: KafkaConsumer
    let reader: CommandReader
    let state: StateDirectory
    let drainer: Drainer
    let lanes: [Lane]
    let executions: ExecutionWatch
  }

  private let parts: Parts
  private let logger: Logger
  private let stopping = Cancellation()
  private let pulse: ClusterPulse
  private let thread: BlockingThread

  init(_ parts: Parts, logger: Logger) {
    self.parts = parts
    self.logger = logger
    let pulse = ClusterPulse(
      topic: parts.configuration.topics.commands, admin: parts.admin, consumer: parts.consumer,
      reader: parts.reader)
    self.pulse = pulse
    pulse.start()
    let stopping = stopping
    thread = BlockingThread(name: "watch") {
      var looks = WatchLooks(parts, pulse, logger)
      while !stopping.isCancelled {
        looks.look()
        stopping.wait(WatchLimits.interval)
      }
    }
  }

  /// Returns when the watch's thread has ended. A question to the cluster that is under way is not waited for.
  func stop() async {
    pulse.stop()
    stopping.cancel()
    await thread.join()
  }
}

/// The looks of one watch, on its thread.
private struct WatchLooks {
  private let parts: WorkerWatch.Parts
  private let logger: Logger
  private let start = ContinuousClock.now
  private var watch = ProgressWatch()
  private let pulse: ClusterPulse
  private var gauges: WorkerGauges
  private var told: Set<TroubleReason> = []
  private var standing: [Int32: Int64] = [:]

  init(_ parts: WorkerWatch.Parts, _ pulse: ClusterPulse, _ logger: Logger) {
    self.parts = parts
    self.pulse = pulse
    self.logger = logger
    gauges = WorkerGauges(parts.configuration, parts.statistics, parts.state, parts.drainer)
  }

  mutating func look() {
    var facts = parts.statistics.facts
    let now = ContinuousClock.now - start
    let cluster = pulse.look(at: facts.partitions.keys.sorted(), standing: standing)
    facts.brokerSilence = cluster.silence
    facts.brokerFault = cluster.fault
    standing = [:]
    for (number, var partition) in facts.partitions {
      partition.end = cluster.ends[number]?.high
      partition.stableEnd = cluster.ends[number]?.stable
      if let execution = parts.executions.look(number) {
        partition.executing = execution.offset
        partition.lane = execution.lane
      }
      if let position = partition.position, watch.stands(number, partition, at: now) {
        standing[number] = position
        if pulse.hasNoCommands(number, from: position) { partition.end = position }
      }
      facts.partitions[number] = partition
    }
    for lane in parts.lanes { facts.lanes[lane.index] = Self.facts(of: lane) }
    let health = watch.look(facts, at: now)
    parts.statistics.looked(health)
    tell(health)
    gauges.set(facts, health, lanes: parts.lanes, drainLags: parts.statistics.drainLags)
  }

  private static func facts(of lane: Lane) -> WorkerFacts.Lane {
    let look = lane.activity.commit.look
    let pause = lane.activity.pauseReason
    return WorkerFacts.Lane(
      transactionSeconds: look.begun.map { (ContinuousClock.now - $0).seconds }, step: "\(look.step)",
      failure: pause ?? look.failure.map { "\($0)" }, isPaused: pause != nil)
  }

  /// A line when a reason comes, and one when it has gone: not one for each look, nor for each partition.
  private mutating func tell(_ health: WorkerHealth) {
    let now = Dictionary(grouping: health.troubles.filter { !$0.reason.isOrdinary }, by: \.reason)
    for (reason, troubles) in now where !told.contains(reason) {
      var metadata: Logger.Metadata = [
        "reason": "\(reason.rawValue)", "why": "\(troubles[0].detail)", "cure": "\(reason.cure)",
        "runbook": "docs/runbook.md#\(reason.rawValue)", "metric": "sequitur_trouble",
      ]
      let partitions = troubles.compactMap(\.partition)
      if !partitions.isEmpty { metadata["partitions"] = "\(partitions)" }
      logger.error("the worker does not go on", metadata: metadata)
    }
    for reason in told where now[reason] == nil {
      logger.notice("the worker goes on again", metadata: ["reason": "\(reason.rawValue)"])
    }
    told = Set(now.keys)
  }
}
