import ArgumentParser
import SequiturTopics

/// `sequitur topics`.
struct TopicsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topics", abstract: "Create or check the four topics of an application.",
    subcommands: [TopicsCreateCommand.self, TopicsCheckCommand.self])
}

/// `sequitur topics create`.
struct TopicsCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create the missing topics, then check all.",
    discussion: """
      Commands are kept 7 days, events for ever, rejections 30 days; the changelog is compacted, and keeps tombstones a day, or twice --forget-after. Topics that \
      exist are left as they are.
      """)

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions
  @OptionGroup var forgetting: ForgettingOptions
  @OptionGroup var shape: TopicShapeOptions
  @Flag(help: .json) var json = false

  func run() async throws {
    let settings = try kafka.resolve()
    let shape = try shape.shape(settings.settings)
    let setup = try topics.setup(settings, forgetting)
    try TopicsPrinter(setup.topics, json: json).show(await setup.create(shape))
  }
}

/// `sequitur topics check`.
struct TopicsCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say all that is wrong with the topics, each with its cure.")

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions
  @OptionGroup var forgetting: ForgettingOptions
  @Flag(help: .json) var json = false

  func run() async throws {
    let settings = try kafka.resolve()
    let setup = try topics.setup(settings, forgetting)
    try TopicsPrinter(setup.topics, json: json).show(await setup.check())
  }
}
