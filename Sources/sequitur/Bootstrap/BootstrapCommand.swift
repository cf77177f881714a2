import ArgumentParser
import ReadableText
import SequiturFollower
import SequiturTopics
import TerminalView

/// `sequitur bootstrap`.
struct BootstrapCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bootstrap", abstract: "Print every object's state, then every later event, each once.",
    discussion: """
      For a service that begins when the first events are gone: the states come from the changelog, the events behind \
      them from the valid topic; none is missing, and none comes twice. Lines of JSON:

        {"state":{"key":"k","version":3,"value":{…}}}
        {"caughtUp":{"0":P,…},"events":{"0":E,…},"application":"…"}
        {"event":{"key":"k","version":4,"type":"t","id":"<ce_id>","time":"…",
                  "value":{…},"offset":N}}              (on one line)

      The states of a partition cover exactly the commands below its P. A value that is no JSON stands as "base64", a key \
      that is no UTF-8 as "keyHex".

      --from goes on behind what an earlier run printed into a file, also one that was killed in the middle of a line. \
      Ends with 1 when the topics cannot be read exactly. Needs memory for the objects of one partition.
      """)

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions

  @Flag(name: .customLong("state-only"), help: "End behind the line `caughtUp`.")
  var stateOnly = false

  @Flag(help: "Go on with new events until SIGTERM or SIGINT; else end with those committed at the start.")
  var follow = false

  @Option(help: ArgumentHelp("Go on behind what an earlier run printed.", valueName: "file"))
  var from: String?

  func validate() throws {
    guard !stateOnly || !follow && from == nil else {
      throw ValidationError("Expected --state-only alone: --follow and --from are for the events behind it.")
    }
  }

  func run() async throws {
    let settings = try kafka.resolve(defaultLogLevel: .warning)
    let names = try topics.topics(settings.settings, for: [.commands, .valid, .changelog])
    let application = try topics.applicationID(settings.settings)
    let bootstrap = Bootstrap(
      of: application, topics: names, kafka: settings.client(), logger: settings.logger)
    var printed = BootstrapProgress()
    if let from {
      printed = try BootstrapProgress(readingFrom: from)
      try printed.check(application: application, commandsTopic: names.commands, in: from)
    } else {
      printed.continuation = try await Self.printStates(bootstrap, of: application)
    }
    guard !stateOnly else { return }
    let sink = EventPrinter(printed.positions)
    try await FollowRunner.run(
      bootstrap.events(from: printed.continuation, to: sink, stopsWhenCaughtUp: !follow), endsBySignal: follow
    )
  }

  /// Prints the states and the line behind them. A signal ends the process meanwhile, as by itself: nothing is to be tidied.
  private static func printStates(
    _ bootstrap: Bootstrap, of application: String
  ) async throws -> Bootstrap.Continuation {
    let printer = StatePrinter()
    let continuation: Bootstrap.Continuation
    do {
      continuation = try await bootstrap.states { key, version, value in
        try printer.add(key, version, value)
      }
    } catch let failure as FollowFailure {
      throw CommandFailure(ShownText.line("\(failure)", atMost: nil), status: .foundFault)
    }
    try printer.flush()
    var line = JSONLine()
    line.add("caughtUp", JSONLine(continuation.covered))
    line.add("events", JSONLine(continuation.offsets))
    line.add("application", application)
    try Output.print(json: line.text)
    return continuation
  }
}

extension JSONLine {
  /// Numbers by partition.
  fileprivate init(_ numbers: [Int32: Int64]) {
    self.init()
    for (partition, number) in numbers.sorted(by: { $0.key < $1.key }) { add("\(partition)", number: number) }
  }
}
