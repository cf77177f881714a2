import ArgumentParser
import BlockingThreads
import ReadableText
import SequiturTopics
import TerminalView

/// `sequitur resubmit`.
struct ResubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resubmit", abstract: "Send rejected commands again, with their ids.",
    discussion: """
      Reads the invalid topic and sends the commands that were rejected as decider-error, or with the codes of \
      --code, once more to the commands topic: key, payload, headers and id as they were, at the time of sending. A \
      command without an id gets one: its position when it was rejected.

      It may be run again: of one command the last rejection counts, and what was accepted or waits for its outcome is \
      left out. Commands whose payload did not fit the invalid topic, and other applications', cannot be sent again; they \
      are counted.
      """)

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions

  @Option(
    help: ArgumentHelp(
      "Only rejections with this code; may be repeated. (default: decider-error)", valueName: "code"))
  var code: [String] = []

  @Option(
    help: ArgumentHelp(
      "Only rejections from this time on, like 2026-11-30T04:00:00Z, or 24h for so long ago.",
      valueName: "time"))
  var from: String?

  @Option(help: ArgumentHelp("Only rejections before this time.", valueName: "time")) var to: String?

  @Flag(name: .customLong("dry-run"), help: "Say what would be sent, and send nothing.") var dryRun = false
  @Flag(help: .json) var json = false

  func run() async throws {
    let times = try times()
    let codes = try codes()
    let settings = try kafka.resolve()
    let plan = Resubmission.Plan(
      applicationID: try topics.applicationID(settings.settings),
      topics: try topics.topics(settings.settings),
      kafka: settings.client(), logger: settings.logger, codes: codes, times: times, isDryRun: dryRun)
    let summary = try await withBlockingThread("resubmit") { () throws -> Resubmission.Summary in
      let metadata = try TopicLookUp.metadata(plan.topics.invalid, kafka: plan.kafka, logger: plan.logger)
      return try Resubmission(plan).run(metadata)
    }
    if json { try Output.print(document: summary) } else { try Output.print(summary.description) }
  }

  /// The codes that the engine gives.
  private static let knownCodes = [
    "invalid-key", "malformed", "unknown-command", "version-conflict", "not-found", "invalid-transition",
    "invalid-field", "guard-failed", "out-of-range", "too-large", "output-refused", "decider-error",
  ]

  private func codes() throws -> Set<String> {
    for code in code {
      if code == "duplicate" {
        throw CommandFailure(
          "Expected --code to be a code of commands that had no effect, but a duplicate's first command had its own."
        )
      }
      guard Self.knownCodes.contains(code) || (code.hasPrefix("x-") && code.utf8.count > 2) else {
        let suggestion = Suggestion.text(for: code, among: Self.knownCodes)
        throw CommandFailure(
          "Expected --code to be one of \(Self.knownCodes.joined(separator: ", ")), or x- and a name, but it is "
            + "`\(ShownText.line(code, atMost: 80))`\(suggestion.isEmpty ? "." : suggestion)")
      }
    }
    return code.isEmpty ? ["decider-error"] : Set(code)
  }

  private func times() throws -> Range<Int64> {
    let start = try MomentText.parse(from, of: "--from") ?? .min
    let end = try MomentText.parse(to, of: "--to") ?? .max
    guard start < end else {
      throw CommandFailure("Expected --from to be before --to, but no time is between them.")
    }
    return start..<end
  }
}

extension Resubmission.Summary: CustomStringConvertible {
  var description: String {
    let verb = isDryRun ? "would be sent" : total == 1 ? "was sent" : "were sent"
    var lines = ["\(total.counted("command")) \(verb) again"]
    lines += commands.sorted { $0.key < $1.key }.map { "  \(ShownText.line($0.key)): \($0.value.grouped)" }
    if !leftOut.isEmpty {
      lines.append("left out:")
      lines += leftOut.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value.grouped)" }
    }
    return lines.joined(separator: "\n")
  }
}
