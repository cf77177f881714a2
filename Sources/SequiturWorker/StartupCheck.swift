import KafkaClient
import Logging
import Sequitur

/// What a worker looks at before it joins its group: everything, so that all faults are reported together.
struct StartupCheck: Sendable {
  let partitions: Int32
  let limits: Limits
  /// The smallest `max.message.bytes` of the output topics.
  let batchBytesMax: Int
  let state: StateDirectory

  /// - Throws: ``WorkerStartFault`` with everything that is wrong.
  init(_ configuration: WorkerConfiguration, logger: Logger) async throws(WorkerStartFault) {
    var reasons: [String] = []
    if !(1...WorkerConfiguration.lanesMax).contains(configuration.lanes) {
      reasons.append(
        "Expected 1 to \(WorkerConfiguration.lanesMax) lanes, but \(configuration.lanes) are configured.")
    }
    if !(0...Limits.recentCommandIDsLimit).contains(configuration.limits.recentCommandIDsMax) {
      reasons.append(
        "Expected limits.recentCommandIDsMax to be 0 to \(Limits.recentCommandIDsLimit), but it is "
          + "\(configuration.limits.recentCommandIDsMax).")
    }
    var state: StateDirectory?
    do {
      state = try StateDirectory(
        path: configuration.stateDirectory, options: configuration.databaseOptions, logger: logger)
    } catch {
      reasons.append("\(error)")
    }
    let setup = TopicSetup(topics: configuration.topics, kafka: configuration.adminProperties, logger: logger)
    let report: TopicReport
    if let shape = configuration.topicCreation {
      report = await setup.create(shape)
    } else {
      report = await setup.check()
    }
    for warning in report.warnings { logger.warning("\(warning)") }
    reasons += report.errors.map(\.description)
    guard reasons.isEmpty, let state, let count = report.partitions else {
      state?.close()
      throw WorkerStartFault(reasons: reasons)
    }
    self.state = state
    partitions = Int32(count)
    batchBytesMax = report.limits.messageBytesMax
    var limits = configuration.limits
    limits.recordBytesMax = min(limits.recordBytesMax, report.limits.messageBytesMax)
    self.limits = limits
  }
}

/// Why a worker cannot start: everything that was found wrong, each with its cure.
public struct WorkerStartFault: Error, Sendable, CustomStringConvertible {
  /// At least one.
  public let reasons: [String]

  public var description: String { reasons.joined(separator: "\n") }
}
