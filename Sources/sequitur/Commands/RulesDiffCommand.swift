import ArgumentParser
import ReadableText
import RulesModel
import TerminalView

/// `sequitur rules diff`.
struct RulesDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say what differs between two versions of rules, and what it means for objects that exist.",
    discussion: """
      One line for each difference. `refused`: a worker with the new rules does not start where the old ones have \
      written states. `needs migration`: neither, until the new rules say in `migrate` how older states are read. \
      `compatible`: it goes on with all objects, as the line says.

      Ends with 1 when a worker would not start. Compared is what the rules decide: comments, layout, the order of \
      fields, states and commands, reasons and examples do not count.
      """)

  @Argument(help: "The rules that have decided so far (YAML).") var old: String
  @Argument(help: "The rules that shall go on (YAML).") var new: String
  @Flag(help: .json) var json = false

  func run() async throws {
    let (before, now) = (try Self.rules(old), try Self.rules(new))
    guard let before, let now else { throw CommandFailure.reportedFault }
    let diff = RulesDiff(from: before, to: now)
    if json {
      try Output.print(json: diff.json)
    } else if diff.changes.isEmpty {
      try Output.print(
        "\(ShownText.line(new, atMost: nil)): decides as \(ShownText.line(old, atMost: nil)) does")
    } else {
      try Output.print(
        diff.changes.map { ShownText.line($0.description, atMost: nil) }.joined(separator: "\n"))
    }
    if !diff.isReadable { throw CommandFailure.reportedFault }
  }

  /// The rules of a file; nil when it has faults, which are reported.
  private static func rules(_ path: String) throws -> Rules? {
    let check = try RulesFile.checkReadable(path)
    for fault in check.errors { Terminal.printError("\(fault)") }
    return check.rules
  }
}
