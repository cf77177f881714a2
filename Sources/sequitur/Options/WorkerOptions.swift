import ArgumentParser
import Foundation
import LifecycleRules
import ReadableText
import Sequitur
import SequiturSettings
import SequiturWorker
import TerminalView

/// What a worker is told besides cluster and topics.
struct WorkerOptions: ParsableArguments {
  @Option(.rules) var rules: String?
  @Option(.stateDirectory) var stateDirectory: String?
  @Option(.lanes) var lanes: Int?
  @Option(.envelope) var envelope: String?
  @Option(.memory) var memory: String?
  @Flag(.crashGuard) var crashGuard: Bool?
  @Flag(.createTopics) var createTopics: Bool?

  @Flag(
    name: .customLong("until-caught-up"),
    help: "End when every partition has processed what was there at the start.")
  var untilCaughtUp = false

  @Flag(
    name: .customLong("accept-foreign-records"),
    help: "Start although the last records of an output topic are another application's.")
  var acceptForeignRecords = false

  @Flag(
    name: .customLong("accept-lost-commands"),
    help: "Go on although commands were deleted before they were processed. Only at this start.")
  var acceptsLostCommands = false

  @Option(
    name: .customLong("begin-commands-at"),
    help: ArgumentHelp(
      "Begin at the start, or at the end, of a commands topic that is not the one the state was made of. Only at this "
        + "start; see docs/operations.md.", valueName: "start|end"))
  var beginCommandsAt: String?

  @OptionGroup var deduplication: DeduplicationOptions
  @OptionGroup var group: GroupOptions
  @OptionGroup var shape: TopicShapeOptions

  /// A worker's configuration of all that flags, environment and file say.
  /// - Throws: a ``CommandFailure`` for a value that is not possible.
  func configuration(_ kafka: KafkaSettings, _ topics: TopicOptions) throws -> WorkerConfiguration {
    let settings = kafka.settings
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let lanes = try settings.integer(lanes, .lanes) ?? min(cores, WorkerConfiguration.lanesMax)
    var configuration = WorkerConfiguration(applicationID: try topics.applicationID(settings), lanes: lanes)
    configuration.bootstrapServers = kafka.bootstrapServers
    configuration.topics = try topics.topics(settings)
    configuration.stateDirectory =
      try settings.text(stateDirectory, .stateDirectory) ?? configuration.stateDirectory
    try group.apply(settings, to: &configuration, logger: kafka.logger)
    configuration.envelope = try settings.choice(envelope, .envelope) ?? configuration.envelope
    try deduplication.apply(settings, to: &configuration.limits)
    configuration.kafka = kafka.properties
    configuration.stopsWhenCaughtUp = untilCaughtUp
    configuration.acceptsForeignRecords = acceptForeignRecords
    configuration.input = try input()
    configuration.guardsAgainstCrashes = try settings.boolean(crashGuard, .crashGuard) ?? true
    configuration.memoryBytes = try settings.size(memory, .memory) ?? configuration.memoryBytes
    if try settings.boolean(createTopics, .createTopics) ?? false {
      configuration.topicCreation = try shape.shape(settings)
    }
    return configuration
  }

  private func input() throws -> WorkerConfiguration.Input {
    let begin = beginCommandsAt.map { WorkerConfiguration.Input.Begin(rawValue: $0) }
    guard begin != .some(nil) else {
      throw CommandFailure(
        "Expected --begin-commands-at to be start or end, but it is `\(ShownText.line(beginCommandsAt ?? "", atMost: 80))`."
      )
    }
    return WorkerConfiguration.Input(acceptsLostCommands: acceptsLostCommands, begin: begin ?? nil)
  }

  /// The rules file, from flag, environment or file; nil when none is named.
  /// - Throws: a ``CommandFailure`` for an empty name.
  func rulesPath(_ settings: Settings) throws -> String? { try settings.text(rules, .rules) }
}

extension Rules {
  /// Reads the rules a command needs.
  /// - Throws: a ``CommandFailure`` with every fault.
  static func load(_ path: String) throws -> Rules {
    let bytes = try RulesFile.readableBytes(path)
    do throws(RulesFaults) {
      return try RulesFile.parse(bytes, path: path)
    } catch {
      throw CommandFailure("\(error)")
    }
  }
}
