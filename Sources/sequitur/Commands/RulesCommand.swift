import ArgumentParser
import LifecycleRules
import ReadableText
import TerminalView

/// `sequitur rules`.
struct RulesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "Check, test, compare or draw the lifecycle rules of an object.",
    subcommands: [
      RulesCheckCommand.self, RulesTestCommand.self, RulesDiffCommand.self, RulesDrawCommand.self,
    ])
}

/// `sequitur rules check`.
struct RulesCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Name every fault of a rules file with its line and column.")

  @Argument(help: "The rules file (YAML).") var file: String
  @Flag(help: .json) var json = false
  @Flag(help: "Fail for warnings as well.") var strict = false

  func run() async throws {
    let check = try RulesFile.checkReadable(file)
    if json {
      try Output.print(json: check.json)
    } else {
      for fault in check.faults { Terminal.printError("\(fault)") }
      if let rules = check.rules {
        try Output.print(
          "\(ShownText.line(file, atMost: nil)): \(rules.object) has \(rules.states.count.counted("state")) and "
            + rules.commandNames.count.counted("command"))
      }
    }
    if check.rules == nil || (strict && !check.faults.isEmpty) { throw CommandFailure.reportedFault }
  }
}

/// `sequitur rules draw`.
struct RulesDrawCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "draw", abstract: "Draw the rules as a Mermaid state diagram.")

  @Argument(help: "The rules file (YAML).") var file: String

  func run() async throws {
    let check = try RulesFile.checkReadable(file)
    for fault in check.faults { Terminal.printError("\(fault)") }
    guard let rules = check.rules else { throw CommandFailure.reportedFault }
    var drawing = RulesDrawing.mermaid(rules)
    // The last line is ended by printing it.
    if drawing.hasSuffix("\n") { drawing.removeLast() }
    try Output.print(drawing)
  }
}

extension RulesFile {
  /// A file that cannot be read is wrong usage; what is wrong inside is a fault found.
  static func checkReadable(_ path: String) throws -> RulesCheck {
    check(try readableBytes(path), path: path)
  }

  /// The bytes of a file that can be read.
  ///
  /// What is wrong with the file as a whole stands at no line of it.
  static func readableBytes(_ path: String) throws -> [UInt8] {
    guard !path.isEmpty else {
      throw CommandFailure("Expected the name of a rules file, but it is empty. Name the file.")
    }
    do throws(RulesFault) {
      return try bytes(path: path)
    } catch {
      throw CommandFailure(
        "\(ShownText.line(path, atMost: nil)): \(error.message). Name a YAML file of lifecycle rules.")
    }
  }
}
