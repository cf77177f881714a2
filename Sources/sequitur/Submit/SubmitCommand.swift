import ArgumentParser
import KafkaClient
import SequiturWorker

/// `sequitur submit`.
struct SubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Send commands from JSON lines, plain or gzip.",
    discussion: """
      One command a line: {"key":"o-1","type":"pay","id":"c-7","expectedVersion":2,"payload":{"amount":5}}, \
      and "headers":{"name":"text"} for more. All fields are optional. The payload is passed on byte for byte.

      Ends when all commands are acknowledged; with --wait when all have an outcome.
      """)

  @Argument(help: "The file, or - for standard input.") var file: String
  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions

  @Flag(name: .customLong("skip-bad-lines"), help: "Report lines that are no commands, and go on.")
  var skipBadLines = false

  @Option(help: "At most so many commands a second.") var rate: Double?

  @Flag(help: "Wait for the outcome of each command and print it.") var wait = false

  @Option(
    name: .customLong("wait-timeout"), help: "How many seconds --wait waits at most after the last command.")
  var waitTimeout: Double = 60

  @Flag(help: "Report as JSON on standard output, one document a line.") var json = false

  func validate() throws {
    if let rate, !(rate > 0 && rate < 1e9) { throw ValidationError("Expected --rate to be above 0.") }
    guard waitTimeout >= 0, waitTimeout < 1e6 else {
      throw ValidationError("Expected --wait-timeout to be 0 to 1000000 seconds.")
    }
  }

  func run() async throws {
    let settings = try kafka.resolve()
    let names = topics.topics(settings.settings)
    let plan = Submission.Plan(
      path: file, topic: names.commands, kafka: settings.client(), logger: settings.logger,
      skipsBadLines: skipBadLines, rate: rate, keepsPositions: wait)
    let (json, wait, timeout) = (json, wait, Duration.seconds(waitTimeout))
    let missing = try await withBlockingThread("submit") { () throws -> Int in
      let metadata = try TopicLookUp.metadata(names.commands, settings)
      let follower =
        try wait
        ? OutcomeFollower(topics: names, kafka: plan.kafka, logger: plan.logger, metadata: metadata) : nil
      let summary = try Submission(plan).run()
      var counts = OutcomeCounts()
      if let follower {
        counts.missing = try follower.follow(summary, timeout: timeout) { outcome in
          try counts.add(outcome, json: json)
        }
      }
      try SubmitPrinter(json: json).show(summary, wait ? counts : nil)
      return counts.missing
    }
    if missing > 0 {
      throw CommandFailure(
        "Expected an outcome of each command within \(timeout), but \(missing.grouped) have none. "
          + "Check that a worker runs, or raise --wait-timeout.", status: .foundFault)
    }
  }
}
