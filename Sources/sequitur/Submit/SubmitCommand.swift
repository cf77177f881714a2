import ArgumentParser
import BlockingThreads
import Foundation
import KafkaClient
import ReadableText
import SequiturTopics
import TerminalView

/// `sequitur submit`.
struct SubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Send commands from JSON lines, plain or gzip.",
    discussion: """
      One command a line: {"key":"o-1","type":"pay","id":"c-7","expectedVersion":2,"payload":{"amount":5}}, \
      and "headers":{"name":"text"} for more. All fields are optional. The payload is passed on byte for byte.

      Ends when all commands are acknowledged; with --wait when all have an outcome, each of which is printed as \
      soon as it is there, also while the input is still open. With --skip-bad-lines it goes on after lines that are \
      no commands, counts them, and ends with 1 when there were any. A gzip file that is cut off, or has anything \
      but another gzip member or zeros behind a member, ends it with 2. SIGINT and SIGTERM say how far it came.
      """)

  @Argument(help: "The file, or - for standard input.") var file: String
  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions

  @Flag(name: .customLong("skip-bad-lines"), help: "Report lines that are no commands, and go on.")
  var skipBadLines = false

  @Option(help: "At most so many commands a second, 0.001 or more.") var rate: Double?

  @Flag(help: "Wait for the outcome of each command and print it.") var wait = false

  @Option(
    name: .customLong("wait-timeout"), help: "How many seconds --wait waits at most after the last command.")
  var waitTimeout: Double = 60

  @Flag(help: "Report as JSON on standard output, one document a line.") var json = false

  func validate() throws {
    // Below, the time of the second command would be beyond any clock.
    if let rate, !(0.001..<1e9 ~= rate) {
      throw ValidationError("Expected --rate to be at least 0.001 and below 1000000000, but it is \(rate).")
    }
    guard waitTimeout >= 0, waitTimeout < 1e6 else {
      throw ValidationError(
        "Expected --wait-timeout to be 0 to 1000000 seconds, but it is \(waitTimeout).")
    }
  }

  func run() async throws {
    guard !file.isEmpty else {
      throw CommandFailure(
        "Expected the name of a file, or - for standard input, but it is empty. Name what holds the commands."
      )
    }
    let settings = try kafka.resolve()
    let names = try topics.topics(
      settings.settings, for: wait ? [.commands, .valid, .invalid] : [.commands])
    let timeout = wait ? Duration.seconds(waitTimeout) : nil
    let plan = Submission.Plan(
      path: file, topics: names, applicationID: try topics.namedApplicationID(settings.settings),
      kafka: settings.client(), logger: settings.logger,
      skipsBadLines: skipBadLines, rate: rate, outcomeTimeout: timeout)
    let interrupt = Interrupt()
    let summary: Submission.Summary
    do {
      summary = try await Self.submit(plan, settings, interrupt, json: json)
    } catch let interrupted as Submission.Interrupted {
      Terminal.printError(interrupted.description)
      interrupt.raise(interrupt.signal ?? SIGINT)
    }
    if let missing = summary.missing, missing > 0, let timeout {
      throw CommandFailure(
        "Expected an outcome of each command within \(timeout), but \(missing.grouped) "
          + "\(missing == 1 ? "has" : "have") none. Check that a worker runs, or raise --wait-timeout.",
        status: .foundFault)
    }
    // Each has been told.
    if summary.badLines > 0 { throw CommandFailure.reportedFault }
  }

  private static func submit(
    _ plan: Submission.Plan, _ settings: KafkaSettings, _ interrupt: Interrupt, json: Bool
  ) async throws -> Submission.Summary {
    try await withBlockingThread("submit") { () throws -> Submission.Summary in
      let metadata = try TopicLookUp.metadata(
        plan.topics.commands, kafka: settings.client(), logger: settings.logger)
      var counts = OutcomeCounts()
      let submission = try Submission(plan, metadata: metadata, interrupt: interrupt) { outcome in
        try counts.add(outcome, json: json)
      }
      // Until here a signal ends the process by itself: nothing was sent.
      interrupt.watch()
      let summary = try submission.run()
      try SubmitPrinter(json: json).show(summary, counts)
      return summary
    }
  }
}
