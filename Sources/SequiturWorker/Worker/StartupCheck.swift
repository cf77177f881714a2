import BlockingThreads
import KafkaClient
import Logging
import Sequitur
import SequiturTopics

/// What a worker looks at before it joins its group: everything, so that all faults are reported together.
struct StartupCheck: Sendable {
  let partitions: Int32
  let limits: Limits
  /// The smallest `max.message.bytes` of the output topics.
  let messageBytesMax: Int
  let state: StateDirectory

  /// - Throws: ``WorkerStartFault`` with everything that is wrong.
  init(_ configuration: WorkerConfiguration, logger: Logger) async throws(WorkerStartFault) {
    var reasons: [String] = []
    if !(1...WorkerConfiguration.lanesMax).contains(configuration.lanes) {
      reasons.append(
        "Expected 1 to \(WorkerConfiguration.lanesMax) lanes, but \(configuration.lanes) are configured.")
    }
    if let length = configuration.instanceID?.utf8.count, length > WorkerConfiguration.instanceIDBytesMax {
      reasons.append(
        "Expected an instance id of at most \(WorkerConfiguration.instanceIDBytesMax) bytes, but it has "
          + "\(length.grouped). Choose a shorter --instance-id.")
    }
    reasons += configuration.limits.faults
    reasons += configuration.effectiveTimeouts.faults
    reasons += ReservedProperties.faults(configuration.kafka, in: .worker).map(\.description)
    var state: StateDirectory?
    do {
      state = try StateDirectory(
        path: configuration.stateDirectory, options: configuration.databaseOptions, logger: logger)
    } catch {
      reasons.append("\(StateDirectoryFault.of(error, configuration.stateDirectory))")
    }
    var setup = TopicSetup(
      topics: configuration.topics, of: configuration.applicationID, kafka: configuration.adminProperties,
      logger: logger)
    setup.acceptsForeignRecords = configuration.acceptsForeignRecords
    setup.forgetAfter = configuration.limits.forgetAfter
    let report: TopicReport
    if let shape = configuration.topicCreation {
      report = await setup.create(shape)
    } else {
      report = await setup.check()
    }
    for fault in report.faults where fault.severity != .error {
      logger.log(level: fault.severity == .note ? .info : .warning, "\(fault)")
    }
    reasons += report.errors.map(\.description)
    // When nothing else is wrong, the start that follows finds out by itself.
    if !reasons.isEmpty, let state, !report.isUnreachable {
      reasons += await Self.transactionFaults(configuration, state, logger)
    }
    guard reasons.isEmpty, let state, let count = report.partitions else {
      state?.close()
      throw WorkerStartFault(reasons: reasons)
    }
    self.state = state
    partitions = Int32(count)
    messageBytesMax = report.limits.messageBytesMax
    limits = configuration.limits
  }
}

extension StartupCheck {
  /// Why transactions cannot be used. Takes the first lane's transactional id, as the worker does next anyway: the
  /// state directory is this worker's own by now, so it is nobody else's.
  private static func transactionFaults(
    _ configuration: WorkerConfiguration, _ state: StateDirectory, _ logger: Logger
  ) async -> [String] {
    await withBlockingThread("transactions") {
      do {
        let instance = try configuration.instanceID ?? state.instanceID()
        let producer = try TransactionalProducer(
          configuration: configuration.producerProperties(
            lane: 0, instance: instance, batchBytesMax: KafkaBudget.batchBytes), logger: logger)
        try producer.initTransactions(timeout: configuration.timeouts.startup)
        return []
      } catch let error as KafkaError {
        return ["\(WorkerStartFault.withoutTransactions(error))"]
      } catch {
        return ["\(StateDirectoryFault.of(error, state.path))"]
      }
    }
  }
}
