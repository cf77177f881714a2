import ArgumentParser
import Logging
import ReadableText
import SequiturSettings
import SequiturWorker
import TerminalView

/// How a worker is a member of its group, and how long it waits for what: docs/rebalancing.md.
struct GroupOptions: ParsableArguments {
  @Option(
    name: .customLong("instance-id"),
    help: ArgumentHelp(
      "Names this worker for ever, so that a restart in place moves no partition; '' for none. (default: the host name "
        + "when it ends in -<number>, as a StatefulSet's pod's does)", valueName: "id"))
  var instanceID: String?

  @Option(
    name: .customLong("assignment-strategy"),
    help: "How workers share the partitions: range or cooperative-sticky, for all the same. (default: range)")
  var assignmentStrategy: String?

  @Option(name: .customLong("session-timeout"), help: "How long a crash goes unnoticed. (default: 15s)")
  var session: String?

  @Option(name: .customLong("heartbeat-interval"), help: "At most a third of that. (default: 3s)")
  var heartbeat: String?

  @Option(
    name: .customLong("transaction-timeout"),
    help: "How long a crashed worker's transaction may hold its successors up. (default: 15s)")
  var transaction: String?

  @Option(name: .customLong("max-poll-interval"), help: "How long a rebalance may take. (default: 60s)")
  var pollInterval: String?

  @Option(
    name: .customLong("revoke-timeout"),
    help: "How long a partition that leaves waits for its transaction. (default: 10s)")
  var revoke: String?

  @Option(
    name: .customLong("call-timeout"), help: "One call to the broker, before it is made again. (default: 10s)"
  )
  var call: String?

  @Option(
    name: .customLong("startup-timeout"),
    help: "How long the broker may be silent at the start. (default: 15s)")
  var startup: String?

  @Option(
    name: .customLong("restore-timeout"),
    help: "How long a restore may make no progress before it starts again. (default: 60s)")
  var restore: String?

  /// Sets what the options say.
  /// - Throws: a ``CommandFailure`` for a value that is not possible. Relations are checked at the worker's start.
  func apply(_ settings: Settings, to configuration: inout WorkerConfiguration, logger: Logger) throws {
    configuration.instanceID = instance(settings, configuration.applicationID, logger)
    if let text = settings.text(assignmentStrategy, .assignmentStrategy) {
      guard let strategy = AssignmentStrategy(rawValue: text) else {
        let known = AssignmentStrategy.allCases.map(\.rawValue).joined(separator: " or ")
        throw CommandFailure(
          "Expected \(settings.origin(assignmentStrategy, .assignmentStrategy)) to be \(known), but it is "
            + "`\(ShownText.line(text, atMost: 80))`.")
      }
      configuration.assignmentStrategy = strategy
    }
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
  private func instance(_ settings: Settings, _ applicationID: String, _ logger: Logger) -> String? {
    if let given = settings.text(instanceID, .instanceID) {
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
