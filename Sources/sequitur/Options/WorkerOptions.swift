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
  @Option(help: "The rules file that decides (YAML).") var rules: String?

  @Option(name: .customLong("state-dir"), help: "The local store's directory. (default: sequitur-state)")
  var stateDirectory: String?

  @Option(help: "Threads that process commands, 1 to 64. (default: the number of cores)") var lanes: Int?

  @Option(help: "The events' headers: cloudevents or compact. (default: cloudevents)") var envelope: String?

  @Option(help: "Memory for everything that grows with load, like 512MB; see docs/state.md. (default: 256MB)")
  var memory: String?

  @Flag(
    name: .customLong("crash-guard"), inversion: .prefixedNo,
    help: "Reject a command after it ended the process three times. (default: --crash-guard)")
  var crashGuard: Bool?

  @Flag(
    name: .customLong("create-topics"), inversion: .prefixedNo,
    help: "Create missing topics at the start. (default: --no-create-topics)")
  var createTopics: Bool?

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

  @OptionGroup var group: GroupOptions
  @OptionGroup var shape: TopicShapeOptions

  /// A worker's configuration of all that flags, environment and file say.
  /// - Throws: a ``CommandFailure`` for a value that is not possible.
  func configuration(_ kafka: KafkaSettings, _ topics: TopicOptions) throws -> WorkerConfiguration {
    let settings = kafka.settings
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let lanes = try settings.integer(lanes, .lanes) ?? min(cores, Self.lanesMax)
    guard (1...Self.lanesMax).contains(lanes) else {
      throw CommandFailure(
        "Expected \(settings.origin(self.lanes, .lanes)) to be 1 to \(Self.lanesMax), but it is \(lanes).")
    }
    var configuration = WorkerConfiguration(applicationID: topics.applicationID(settings), lanes: lanes)
    configuration.bootstrapServers = kafka.bootstrapServers
    configuration.topics = try topics.topics(settings)
    configuration.stateDirectory =
      settings.text(stateDirectory, .stateDirectory) ?? configuration.stateDirectory
    try group.apply(settings, to: &configuration, logger: kafka.logger)
    configuration.envelope = try envelope(settings)
    configuration.kafka = kafka.properties
    configuration.stopsWhenCaughtUp = untilCaughtUp
    configuration.acceptsForeignRecords = acceptForeignRecords
    configuration.input = try input()
    configuration.guardsAgainstCrashes = try settings.boolean(crashGuard, .crashGuard) ?? true
    if let text = settings.text(memory, .memory) {
      guard let bytes = ByteCount.parse(text), bytes >= MemoryBudget.bytesMin else {
        throw CommandFailure(
          "Expected \(settings.origin(memory, .memory)) to be \(MemoryBudget.bytesMin >> 20)MB or more, like 512MB or "
            + "2GB, but it is `\(ShownText.line(text, atMost: 80))`.")
      }
      configuration.memoryBytes = bytes
    }
    if try settings.boolean(createTopics, .createTopics) ?? false {
      configuration.topicCreation = try shape.shape(settings)
    }
    return configuration
  }

  private func input() throws -> WorkerConfiguration.Input {
    let begin = beginCommandsAt.map { WorkerConfiguration.Input.Begin(rawValue: $0) }
    guard begin != .some(nil) else {
      throw CommandFailure(
        "Expected --begin-commands-at to be start or end, but it is \(beginCommandsAt ?? "").")
    }
    return WorkerConfiguration.Input(acceptsLostCommands: acceptsLostCommands, begin: begin ?? nil)
  }

  /// The rules file, from flag, environment or file; nil when none is named.
  func rulesPath(_ settings: Settings) -> String? { settings.text(rules, .rules) }

  private static let lanesMax = 64

  private func envelope(_ settings: Settings) throws -> Envelope {
    guard let text = settings.text(envelope, .envelope) else { return .cloudevents }
    guard let envelope = Envelope(rawValue: text) else {
      throw CommandFailure(
        "Expected \(settings.origin(self.envelope, .envelope)) to be cloudevents or compact, but it is "
          + "`\(ShownText.line(text, atMost: 80))`.")
    }
    return envelope
  }
}

extension Rules {
  /// Reads the rules a command needs.
  /// - Throws: a ``CommandFailure`` with every fault.
  static func load(_ path: String) throws -> Rules {
    do throws(RulesFaults) {
      return try RulesFile.read(path: path)
    } catch {
      throw CommandFailure("\(error)")
    }
  }
}
