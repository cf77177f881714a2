import Foundation
import KafkaClient
import Logging
import PartitionEngine
import RocksDB
import Sequitur
import SequiturTopics

extension WorkerRuntime {
  /// Checks everything, opens everything, and joins the group.
  static func start(
    _ configuration: WorkerConfiguration, statistics: WorkerStatistics, logger: Logger, decider: KnownDecider,
    makeTask: @escaping Worker.TaskFactory
  ) async throws -> WorkerRuntime {
    let check = try await StartupCheck(configuration, logger: logger)
    let pool = BlockingPool(name: "blocking", threads: configuration.restoreTurns)
    do {
      let parts = try await pool.run {
        try WorkerParts(
          configuration, check, statistics: statistics, logger: logger, decider: decider)
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
  let outputLimits: OutputLimits
  let state: StateDirectory
  let admin: KafkaAdmin
  let consumer: KafkaConsumer
  let intake: CommandIntake
  let membership: Membership
  let senders: [TransactionSender]
  let catchUp: CatchUp?
  let decider: KnownDecider
  let crashGuard: CrashGuard?
  let commandReader: CommandReader
  let inputWatch: InputWatch
  let inputOrders: InputOrders
  /// Where the lanes note what they execute, for the watch.
  let executions = ExecutionWatch()

  /// Makes the clients. Blocks.
  init(
    _ configuration: WorkerConfiguration, _ check: StartupCheck, statistics: WorkerStatistics,
    logger: Logger, decider: KnownDecider
  ) throws {
    self.configuration = configuration
    self.statistics = statistics
    self.logger = logger
    admin = try KafkaAdmin(configuration: configuration.adminProperties, logger: logger)
    partitions = check.partitions
    limits = check.limits
    state = check.state
    self.decider = decider
    commandReader = CommandReader(
      topic: configuration.topics.commands,
      configuration: configuration.readerProperties(readers: 2 * configuration.restoreTurns), logger: logger)
    inputOrders = InputOrders(configuration.input)
    inputWatch = InputWatch(
      topic: configuration.topics.commands, admin: admin, reader: commandReader,
      call: configuration.timeouts.restoreCall, logger: logger)
    crashGuard = try Self.adopt(configuration, check, admin, decider, logger)
    if !check.state.isKept { try Self.checkShape(configuration, check, admin, logger) }
    try Self.checkDecider(configuration, check, decider, logger)
    logger.info(
      "state directory open",
      metadata: [
        "path": "\(state.path)", "store": state.isKept ? "kept" : "new", "decider": "\(decider.fingerprint)",
      ])
    statistics.events.send(.started(isStoreKept: state.isKept))
    let intake = CommandIntake(bytesMax: configuration.memory.fetchBytesHeld)
    self.intake = intake
    let join = JoinWatch(
      group: configuration.applicationID, timeouts: configuration.effectiveTimeouts, statistics: statistics,
      logger: logger)
    let (admin, groupID) = (self.admin, configuration.applicationID)
    let membership = Membership(
      intake: intake, timeouts: configuration.timeouts, join: join, events: statistics.events,
      logger: logger, place: configuration.groupInstanceID.map { StaticMember(name: $0) },
      lookUp: { () -> Result<ConsumerGroup?, KafkaError> in
        Result { () throws(KafkaError) in
          try admin.group(groupID, timeout: GroupLimits.waitReportInterval / 2)
        }
      })
    self.membership = membership
    let consumer = try KafkaConsumer(
      configuration: configuration.consumerProperties(partitions: check.partitions), logger: logger,
      rebalanceListener: membership, fetchGate: { intake.hold($0) },
      statistics: { [meters = statistics.meters] json in ClientFigures.parse(json)?.set(meters) })
    self.consumer = consumer
    let outputLimits = OutputLimits(
      topics: configuration.topics, messageBytesMax: check.messageBytesMax,
      commandsMax: check.limits.transactionCommandsMax, admin: admin, call: configuration.timeouts.call,
      statistics: statistics, logger: logger)
    self.outputLimits = outputLimits
    let instance = try configuration.instanceID ?? Self.usingStore(check) { try check.state.instanceID() }
    let group = TransactionSender.Group(
      metadata: { () throws(KafkaError) in try membership.confirmedMetadata(of: consumer) },
      loss: { membership.loss(of: consumer) })
    senders = (0..<configuration.lanes).map { lane in
      TransactionSender(
        configuration: {
          configuration.producerProperties(lane: lane, instance: instance, batchBytesMax: $0)
        },
        topics: configuration.topics, limits: outputLimits, group: group, call: configuration.timeouts.call,
        logger: logger)
    }
    catchUp =
      configuration.stopsWhenCaughtUp
      ? CatchUp(try Self.bounds(configuration.topics.commands, check.partitions, admin)) : nil
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

  private func initialise(_ sender: TransactionSender) throws(WorkerStartFault) {
    let deadline = ContinuousClock.now + configuration.timeouts.startup
    var failures = 0
    while true {
      do throws(KafkaError) {
        return try sender.recreateProducer()
      } catch {
        failures += 1
        let pause = WorkerLifeLimits.producerBackoff.pause(after: failures)
        guard error.isRetriable, ContinuousClock.now + pause < deadline else {
          throw .withoutTransactions(error)
        }
        Thread.sleep(forTimeInterval: pause.seconds)
      }
    }
  }

  /// Makes sure that the store is this application's, and opens the crash guard.
  private static func adopt(
    _ configuration: WorkerConfiguration, _ check: StartupCheck, _ admin: KafkaAdmin, _ decider: KnownDecider,
    _ logger: Logger
  ) throws -> CrashGuard? {
    let header = StoreHeader(
      applicationID: configuration.applicationID,
      clusterID: admin.clusterID(timeout: configuration.timeouts.call),
      commandsTopic: configuration.topics.commands, changelogTopic: configuration.topics.changelog,
      partitions: check.partitions, schemaVersion: decider.schemaVersion)
    do {
      let isEmptied = try check.state.adopt(header)
      // What was away for longer than the changelog keeps tombstones may hold objects that were forgotten since.
      try check.state.retire(serving: [], retention: configuration.partitionRetention)
      guard configuration.guardsAgainstCrashes else { return nil }
      let crashGuard = try CrashGuard(
        directory: check.state.path, partitions: check.partitions, logger: logger,
        report: CrashReport(
          topic: configuration.topics.commands, configuration: configuration.readerProperties(readers: 1),
          logger: logger
        ).tell)
      if isEmptied { for partition in 0..<check.partitions { crashGuard.clear(partition) } }
      return crashGuard
    } catch let fault as StoreHeaderFault {
      throw WorkerStartFault(reasons: ["\(fault)"])
    } catch {
      throw WorkerStartFault.ofStore(error, check.state.path)
    }
  }

  /// Makes sure that the changelog was written for as many partitions as there are.
  private static func checkShape(
    _ configuration: WorkerConfiguration, _ check: StartupCheck, _ admin: KafkaAdmin, _ logger: Logger
  ) throws {
    let shape = ChangelogShape(
      topic: configuration.topics.changelog, partitions: check.partitions, admin: admin,
      configuration: configuration.readerProperties(readers: 1), call: configuration.timeouts.call,
      logger: logger)
    guard let written = try shape.partitionsWritten(), written != check.partitions else { return }
    throw WorkerStartFault(
      reasons: ["\(RestoreFault.partitionCountChanged(checkpoint: written, now: check.partitions))"])
  }

  /// Makes sure that the decider reads the states that are on the changelog, unless it is the one that worked before.
  private static func checkDecider(
    _ configuration: WorkerConfiguration, _ check: StartupCheck, _ decider: KnownDecider, _ logger: Logger
  ) throws {
    let header = try usingStore(check) { try check.state.header() }
    if check.state.isKept, header?.decider == "\(decider.fingerprint)",
      header?.schemaVersion == decider.schemaVersion
    {
      return
    }
    let changelog = ChangelogDeciders(
      topic: configuration.topics.changelog, partitions: check.partitions,
      configuration: configuration.readerProperties(readers: 1), call: configuration.timeouts.call,
      logger: logger)
    let found = try changelog.newest()
    if found.isUnnamed {
      logger.notice(
        "the changelog does not say what decided: an older version wrote it; its states are read as they are",
        metadata: ["now": "\(decider.fingerprint)"])
    }
    for former in found.deciders {
      let isOfStore = header?.decider == former.fingerprint?.description
      let known = FormerDecider(
        fingerprint: former.fingerprint, definition: isOfStore ? header?.definition : nil, forms: former.forms
      )
      let refusal = decider.refusal(of: known) { summary in
        logger.notice(
          "\(summary)",
          metadata: [
            "before": "\(former.fingerprint?.description ?? "not known")", "now": "\(decider.fingerprint)",
          ])
      }
      if let refusal { throw WorkerStartFault(reasons: refusal) }
    }
    try usingStore(check) { try check.state.note(decider) }
  }

  /// Tells what cannot be done with the store, and what to do.
  private static func usingStore<Result>(_ check: StartupCheck, _ body: () throws -> Result) throws -> Result
  {
    do {
      return try body()
    } catch {
      throw WorkerStartFault.ofStore(error, check.state.path)
    }
  }

  private static func bounds(
    _ topic: String, _ partitions: Int32, _ admin: KafkaAdmin
  ) throws(KafkaError) -> [Int32: Watermarks] {
    var bounds: [Int32: Watermarks] = [:]
    for partition in 0..<partitions {
      bounds[partition] = try admin.watermarks(topic: topic, partition: partition, timeout: KafkaLimits.call)
    }
    return bounds
  }
}
