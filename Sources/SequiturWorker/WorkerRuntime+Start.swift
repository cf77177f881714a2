import Foundation
import KafkaClient
import Logging
import PartitionEngine
import RocksDB
import Sequitur

extension WorkerRuntime {
  /// Checks everything, opens everything, and joins the group.
  static func start(
    _ configuration: WorkerConfiguration, statistics: WorkerStatistics, logger: Logger,
    makeTask: @escaping Worker.TaskFactory
  ) async throws -> WorkerRuntime {
    let check = try await StartupCheck(configuration, logger: logger)
    let pool = BlockingPool(name: "restore", threads: min(max(configuration.lanes, 2), 8))
    do {
      let parts = try await pool.run {
        try WorkerParts(configuration, check, statistics: statistics, logger: logger)
      }
      try await parts.initialiseProducers(pool)
      return try parts.launch(pool: pool, makeTask: makeTask)
    } catch {
      await pool.stop()
      check.state.close()
      throw error
    }
  }
}

/// What a worker is made of, before it runs.
struct WorkerParts: Sendable {
  let configuration: WorkerConfiguration
  let statistics: WorkerStatistics
  let logger: Logger
  let partitions: Int32
  let limits: Limits
  let state: StateDirectory
  let admin: KafkaAdmin
  let consumer: KafkaConsumer
  let membership: Membership
  let senders: [TransactionSender]
  let catchUp: CatchUp?

  /// Makes the clients. Blocks.
  init(
    _ configuration: WorkerConfiguration, _ check: StartupCheck, statistics: WorkerStatistics, logger: Logger
  ) throws {
    self.configuration = configuration
    self.statistics = statistics
    self.logger = logger
    admin = try KafkaAdmin(configuration: configuration.adminProperties, logger: logger)
    partitions = check.partitions
    limits = check.limits
    state = check.state
    logger.info(
      "state directory open",
      metadata: ["path": "\(state.path)", "store": state.isKept ? "kept" : "new"])
    membership = Membership(timeouts: configuration.timeouts, logger: logger)
    let consumer = try KafkaConsumer(
      configuration: configuration.consumerProperties, logger: logger, rebalanceListener: membership)
    self.consumer = consumer
    let instance = try configuration.instanceID ?? state.instanceID()
    let group = TransactionSender.Group(
      metadata: { () throws(KafkaError) in try consumer.groupMetadata() },
      positions: { (partitions) throws(KafkaError) in
        try consumer.committed(partitions, timeout: .seconds(1))
      })
    senders = (0..<configuration.lanes).map { lane in
      TransactionSender(
        configuration: configuration.producerProperties(lane: lane, instance: instance),
        topics: configuration.topics, group: group, call: configuration.timeouts.call, logger: logger)
    }
    catchUp =
      configuration.stopsWhenCaughtUp
      ? CatchUp(ends: try Self.ends(configuration.topics.commands, check.partitions, admin)) : nil
  }

  /// Makes every lane's producer, which ends what a predecessor left open. Before any position is read.
  func initialiseProducers(_ pool: BlockingPool) async throws {
    try await withThrowingTaskGroup { group in
      for sender in senders {
        group.addTask { try await pool.run { try initialise(sender) } }
      }
      try await group.waitForAll()
    }
  }

  private func initialise(_ sender: TransactionSender) throws(KafkaError) {
    let deadline = ContinuousClock.now + configuration.timeouts.startup
    while true {
      do throws(KafkaError) {
        return try sender.recreateProducer()
      } catch {
        guard error.isRetriable, ContinuousClock.now < deadline else { throw error }
      }
    }
  }

  private static func ends(
    _ topic: String, _ partitions: Int32, _ admin: KafkaAdmin
  ) throws(KafkaError) -> [Int32: Int64] {
    var ends: [Int32: Int64] = [:]
    for partition in 0..<partitions {
      let bounds = try admin.watermarks(topic: topic, partition: partition, timeout: .seconds(10))
      if bounds.high > bounds.low { ends[partition] = bounds.high }
    }
    return ends
  }
}
