import ArgumentParser
import LifecycleRules
import ReadableText
import Sequitur
import SequiturSettings
import SequiturWorker
import TerminalView

/// `sequitur history`.
struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show an object's commands, events, rejections and states.",
    discussion: """
      Goes through the topics of the key's partition. States are those that the changelog keeps, which are few once it is \
      compacted; with --rules the others are computed, where the rules make of the commands what the topics say.

      With --at-version or --at only the state then is shown. Ends with 1 when the object, or the state, is not found.
      """)

  @OptionGroup var object: KeyOptions
  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions
  @Option(.rules, help: "The rules file that decided (YAML).") var rules: String?

  @Option(
    name: .customLong("at-version"),
    help: "Show the state at this version; of a key that had several objects, of the last that came so far.")
  var version: UInt64?

  @Option(
    name: .customLong("at"),
    help: ArgumentHelp(
      "Show the state after the last command that is not later: 2026-11-30T08:00:00Z, milliseconds since 1970, or 24h "
        + "for so long ago.", valueName: "time"))
  var time: String?

  @Flag(help: "Print JSON, one document a line.") var json = false

  func validate() throws {
    guard version == nil || time == nil else {
      throw ValidationError("Expected --at-version or --at, but both are given.")
    }
    guard version != 0 else { throw ValidationError("Expected --at-version to be 1 or more, but it is 0.") }
  }

  func run() async throws {
    let settings = try kafka.resolve()
    let bytes = try object.bytes()
    let rules = try settings.settings.text(rules, .rules).map { try Rules.load($0) }
    var configuration = RehearsalConfiguration(applicationID: try topics.applicationID(settings.settings))
    configuration.bootstrapServers = settings.bootstrapServers
    configuration.topics = try topics.topics(settings.settings)
    configuration.kafka = settings.properties
    let history =
      rules.map { rules in
        ObjectHistory(configuration, logger: settings.logger) { LifecycleDecider(rules) }
      } ?? ObjectHistory(configuration, logger: settings.logger)
    let time = try MomentText.parse(time, of: "--at")
    if version != nil || time != nil {
      return try await showState(history, bytes, HistoryMoment(version: version, time: time))
    }
    let (json, text) = (json, HistoryText(commandsTopic: configuration.topics.commands))
    let count = try await InterruptibleTask.run {
      try await history.forEach(of: bytes) { entry in
        try json ? Output.print(json: text.json(entry)) : Output.print(text.lines(entry))
      }
    }
    guard count > 0 else { throw notFound }
  }

  private var notFound: CommandFailure {
    CommandFailure(
      "Expected commands of the object \(ShownText.line(object.key)), but the topics have none.",
      status: .foundFault
    )
  }

  private func showState(_ history: ObjectHistory, _ key: [UInt8], _ moment: HistoryMoment) async throws {
    let search = HistorySearch(moment)
    let count = try await InterruptibleTask.run {
      try await history.forEach(of: key) { entry in search.take(entry) }
    }
    guard count > 0 else { throw notFound }
    guard let found = search.found else {
      throw CommandFailure(
        "Expected the object \(ShownText.line(object.key)) to have been there \(moment), but it was not.",
        status: .foundFault)
    }
    guard let state = found.state else {
      let isNamed = moment.version != nil
      throw CommandFailure(
        "Expected the state of \(ShownText.line(object.key)) \(moment)\(isNamed ? "" : ", which is version \(found.version),") "
          + "but the changelog keeps it no more. Name the rules that decided, to have it computed: --rules FILE"
          + (rules == nil
            ? "." : "; those that are named make something else of its commands, or some are gone."),
        status: .foundFault)
    }
    let text = HistoryText(commandsTopic: history.configuration.topics.commands)
    if json {
      try Output.print(json: text.json(key, found, state))
    } else {
      try Output.print(text.lines(key, found, state))
    }
  }
}
