import ArgumentParser
import BlockingThreads
import ReadableText
import SequiturProjections
import TerminalView

/// What the commands have in common that change a projection in its database.
struct ControlledProjection: ParsableArguments {
  @OptionGroup var file: ProjectionFileArgument
  @OptionGroup var database: DatabaseOptions

  /// Runs the body off the cooperative pool.
  func perform<Result: Sendable>(
    _ body: @escaping @Sendable (ProjectionControl) throws -> Result
  ) async throws -> Result {
    let control = ProjectionControl(try file.definition(), try database.address())
    return try await ProjectFailures.told {
      try await withBlockingThread("project", throwing: { try body(control) })
    }
  }
}

/// `sequitur project pause`.
struct ProjectPauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Have every instance wait before its next transaction.")

  @OptionGroup var projection: ControlledProjection

  func run() async throws {
    try await projection.perform { try $0.setPaused(true) }
    try Output.print("paused")
  }
}

/// `sequitur project resume`.
struct ProjectResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let a paused projection go on.")

  @OptionGroup var projection: ControlledProjection

  func run() async throws {
    try await projection.perform { try $0.setPaused(false) }
    try Output.print("resumed")
  }
}

/// `sequitur project retry`.
struct ProjectRetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Apply the events of a key that wait, in their order.",
    discussion: "Ends with 1 when some of them still are not taken: the first one's reason is told.")

  @OptionGroup var projection: ControlledProjection
  @Argument(help: "The object key.") var key: String

  func run() async throws {
    let bytes = Array(key.utf8)
    let outcome = try await projection.perform { try $0.retry(bytes) }
    guard outcome.applied + outcome.left > 0 else {
      throw CommandFailure(
        "Expected events of the key \(ShownText.line(key)) that wait, but there are none.",
        status: .foundFault)
    }
    try Output.print("\(outcome.applied.counted("event")) applied, \(outcome.left) left")
    if let reason = outcome.reason {
      throw CommandFailure(ShownText.line("\(reason).", atMost: nil), status: .foundFault)
    }
  }
}

/// `sequitur project skip`.
struct ProjectSkipCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skip", abstract: "Leave out the event at which a partition waits.",
    discussion: """
      The event is written into the table sequitur_event, with the reason why it was not taken, when the projection comes to \
      it again: within seconds where it runs. It asks before, unless --yes is given.
      """)

  @OptionGroup var projection: ControlledProjection
  @Option(help: "The partition; by default the one that waits.") var partition: Int32?
  @Flag(help: .yes) var yes = false

  func run() async throws {
    let stopped = try await projection.perform { try $0.stoppedPartitions() }
    let chosen = stopped.filter { partition == nil || $0.partition == partition }
    guard let first = chosen.first, let offset = first.stoppedOffset else {
      throw CommandFailure(
        "Expected a partition that waits at an event, but there is none.", status: .foundFault)
    }
    guard chosen.count == 1 else {
      throw CommandFailure(
        "Expected --partition, since partitions \(chosen.map { "\($0.partition)" }.joined(separator: ", ")) wait."
      )
    }
    try Confirmation.ask(
      "Leave out the event at offset \(offset) of partition \(first.partition)? \(first.stoppedReason ?? "").",
      yes)
    try await projection.perform { try $0.skip(first.partition, offset: offset) }
    try Output.print("the event at offset \(offset) of partition \(first.partition) will be left out")
  }
}

/// `sequitur project reset`.
struct ProjectResetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Delete a projection's rows and positions: the next start begins anew.",
    discussion:
      "What statements of its own wrote into other tables stays. It asks before, unless --yes is given.")

  @OptionGroup var projection: ControlledProjection
  @Flag(help: .yes) var yes = false

  func run() async throws {
    let definition = try projection.file.definition()
    let table = definition.table.map { "all rows of \($0.shownName) and " } ?? ""
    try Confirmation.ask("Delete \(table)the positions of the projection \(definition.name)?", yes)
    try await projection.perform { try $0.reset() }
    try Output.print("the projection \(definition.name) is forgotten")
  }
}

extension ArgumentHelp {
  fileprivate static let yes: ArgumentHelp = "Do not ask."
}

/// Asks before something is lost.
private enum Confirmation {
  /// - Throws: a ``CommandFailure`` when the answer is not yes.
  static func ask(_ question: String, _ isConfirmed: Bool) throws {
    guard !isConfirmed else { return }
    Terminal.printError(ShownText.line(question, atMost: nil) + " Answer yes, or anything else for no:")
    guard readLine()?.lowercased() == "yes" else {
      throw CommandFailure("Expected yes, so nothing was changed. Answer yes, or give --yes.")
    }
  }
}
