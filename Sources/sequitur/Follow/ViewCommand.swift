import ArgumentParser
import SequiturFollower
import TerminalView

/// `sequitur view`.
struct ViewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view", abstract: "Follow the states of an application's objects.",
    discussion: """
      Reads the application's changelog: neither a worker nor the events are needed, and no right but Read on that topic. \
      Each line is an object as a transaction left it:

        {"key":"k","state":{…},"version":3,"position":"3-1042"}

      A deleted object has "state":null. The position is <partition>-<offset> of a command: what was printed of a \
      partition, up to its last line with a position, is the state after exactly the commands up to that one. A state that \
      is no JSON stands as "base64", a key that is no UTF-8 as "keyHex".

      Goes on until SIGTERM or SIGINT. Ends with 1 when the changelog cannot be followed exactly.
      """)

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions

  @Flag(help: "Print each change as a line of JSON.")
  var print = false

  @Flag(name: .customLong("until-caught-up"), help: "End when what was committed at the start is printed.")
  var untilCaughtUp = false

  func validate() throws {
    guard print else { throw ValidationError("Expected --print: it says what becomes of the changes.") }
  }

  func run() async throws {
    let settings = try kafka.resolve(defaultLogLevel: .warning)
    let names = try topics.topics(settings.settings, for: [.commands, .changelog])
    var configuration = FollowerConfiguration(
      kafka: settings.client(),
      topic: .changelog(names, of: try topics.applicationID(settings.settings)), logger: settings.logger)
    configuration.stopsWhenCaughtUp = untilCaughtUp
    let follower = Follower(configuration: configuration, sink: ViewPrinter())
    try await FollowRunner.run(follower, endsBySignal: !untilCaughtUp)
  }
}
