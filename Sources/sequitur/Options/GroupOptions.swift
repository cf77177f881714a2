import ArgumentParser
import Logging
import ReadableText
import SequiturSettings
import SequiturWorker
import TerminalView

/// How a worker is a member of its group, and how long it waits for what: docs/rebalancing.md.
struct GroupOptions: ParsableArguments {
  @Option(.instanceID) var instanceID: String?
  @Option(.assignmentStrategy) var assignmentStrategy: String?
  @Option(.sessionTimeout) var session: String?
  @Option(.heartbeatInterval) var heartbeat: String?
  @Option(.transactionTimeout) var transaction: String?
  @Option(.maxPollInterval) var pollInterval: String?
  @Option(.revokeTimeout) var revoke: String?
  @Option(.callTimeout) var call: String?
  @Option(.startupTimeout) var startup: String?
  @Option(.restoreTimeout) var restore: String?

  /// Sets what the options say.
  /// - Throws: a ``CommandFailure`` for a value that is not possible. Relations are checked at the worker's start.
  func apply(_ settings: Settings, to configuration: inout WorkerConfiguration, logger: Logger) throws {
    configuration.instanceID = try instance(settings, configuration.applicationID, logger)
    configuration.assignmentStrategy =
      try settings.choice(assignmentStrategy, .assignmentStrategy) ?? configuration.assignmentStrategy
    var timeouts = configuration.timeouts
    timeouts.session = try settings.duration(session, .sessionTimeout) ?? timeouts.session
    timeouts.heartbeat = try settings.duration(heartbeat, .heartbeatInterval) ?? timeouts.heartbeat
    timeouts.transaction = try settings.duration(transaction, .transactionTimeout) ?? timeouts.transaction
    timeouts.pollInterval = try settings.duration(pollInterval, .maxPollInterval) ?? timeouts.pollInterval
    timeouts.revoke = try settings.duration(revoke, .revokeTimeout) ?? timeouts.revoke
    timeouts.call = try settings.duration(call, .callTimeout) ?? timeouts.call
    timeouts.startup = try settings.duration(startup, .startupTimeout) ?? timeouts.startup
    timeouts.restoreProgress = try settings.duration(restore, .restoreTimeout) ?? timeouts.restoreProgress
    configuration.timeouts = timeouts
  }

  /// The instance id that was given, or else the host's own, if it is named so and no other worker here has it.
  private func instance(_ settings: Settings, _ applicationID: String, _ logger: Logger) throws -> String? {
    if let given = try settings.text(instanceID, .instanceID) {
      guard !given.isEmpty else {
        logger.info("no instance id: a dynamic member of the group, as asked for")
        return nil
      }
      logger.info(
        "static member of the group", metadata: ["instance-id": "\(given)", "from": "--instance-id"])
      return given
    }
    guard let id = WorkerConfiguration.defaultInstanceID(hostName: HostName.current) else {
      logger.info("no instance id: a dynamic member of the group", metadata: ["host": "\(HostName.current)"])
      return nil
    }
    guard HostName.claim(id, for: applicationID) else {
      logger.warning(
        "no instance id: a dynamic member of the group, since another worker on this host has the host's name",
        metadata: ["host": "\(id)", "cure": "give each worker an --instance-id of its own"])
      return nil
    }
    logger.info("static member of the group", metadata: ["instance-id": "\(id)", "from": "host name"])
    return id
  }
}
