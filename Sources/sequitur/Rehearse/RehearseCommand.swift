import ArgumentParser
import LifecycleRules
import ReadableText
import Sequitur
import SequiturWorker
import TerminalView

/// `sequitur rehearse`.
struct RehearseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rehearse", abstract: "Say what other rules would have decided.",
    discussion: """
      Reads the commands topic, decides every command that has an outcome again by the rules named, without writing \
      anything, and reports each outcome that differs from the one on the valid and the invalid topic. Outcomes are the \
      same when their events have the same types and payloads, or the rejection the same code. From its first difference \
      on an object goes its own way.

      Where the beginning of the topic is gone, or --from is given, objects begin with the state that the changelog tells; \
      commands on objects whose state is not known any more are left out, and counted.

      Ends with 1 when an outcome differs and --allow does not want it: FILE is YAML like \
      [{from: "valid: paid", to: "invalid: guard-failed", count: 7}], where * stands for any text and count for the most \
      that are wanted, or a report that was printed with --json.
      """)

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions
  @OptionGroup var range: RehearsalOptions
  @Option(help: "The rules file to try (YAML).") var rules: String?
  @Option(help: ArgumentHelp("The changes that are wanted.", valueName: "file")) var allow: String?
  @Option(help: "How many commands of each change are shown, 0 to 10000.") var samples = 5
  @Flag(help: .json) var json = false

  func validate() throws {
    guard 0...RehearsalConfiguration.samplesLimit ~= samples else {
      throw ValidationError("Expected --samples to be 0 to 10000, but it is \(samples).")
    }
  }

  func run() async throws {
    let settings = try kafka.resolve()
    var configuration = try range.configuration(settings, topics)
    guard let path = try settings.settings.text(rules, .rules) else {
      throw CommandFailure("Expected --rules FILE, but no rules are named. They are what is tried.")
    }
    let rules = try Rules.load(path)
    let allowed = try allow.map { try AllowedChangesFile.read($0) } ?? []
    configuration.samplesMax = samples
    let rehearsal = Rehearsal(configuration, logger: settings.logger) { LifecycleDecider(rules) }
    let report = try await InterruptibleTask.run {
      try await rehearsal.run { progress in
        Terminal.show(
          progress: "partition \(progress.partition + 1) of \(progress.partitions) · "
            + "\(progress.commands.counted("command")) · \(progress.differences.counted("difference"))")
      }
    }
    Terminal.clearProgress()
    let unwanted = report.changes(beyond: allowed)
    if json {
      try Output.print(document: report)
    } else {
      try Output.print(report.text(unwanted: unwanted))
    }
    if !unwanted.isEmpty { throw CommandFailure.reportedFault }
  }
}

extension RehearsalReport {
  /// The report for people.
  func text(unwanted: [Change]) -> String {
    var lines = ["commands     \(commands.grouped)", "differences  \(differences.grouped)"]
    if withoutState > 0 {
      lines.append("not decided  \(withoutState.grouped) (their objects' states are not known)")
    }
    if withoutOutcome > 0 {
      lines.append("not compared \(withoutOutcome.grouped) (retention has deleted their outcomes)")
    }
    if pending > 0 { lines.append("pending      \(pending.grouped) (no worker has decided them)") }
    for change in changes {
      let isWanted = !unwanted.contains(change)
      lines.append(
        "\(change.count.grouped) × \(ShownText.line(change.from)) → \(ShownText.line(change.to))"
          + (isWanted ? " (allowed)" : ""))
      lines += change.samples.map { sample in
        "  \(ShownText.line(sample.key)) at \(sample.position)"
          + (sample.reason.isEmpty ? "" : ": \(ShownText.line(sample.reason, atMost: 300))")
      }
      if change.count > change.samples.count, !change.samples.isEmpty { lines.append("  …") }
    }
    lines += notes.map { "note: \(ShownText.line($0, atMost: nil))" }
    return lines.joined(separator: "\n")
  }
}
