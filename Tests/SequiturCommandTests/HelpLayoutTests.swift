import ArgumentParser
import Testing

@testable import sequitur

/// ArgumentParser fills paragraphs, and breaks a line of an example that is too long wherever it likes.
struct HelpLayoutTests {
  private static let columns = 80

  private func commands(below command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
    [command] + command.configuration.subcommands.flatMap(commands)
  }

  @Test func `lines of the help that are laid out fit into it`() {
    let all = commands(below: SequiturCommand.self)
    #expect(all.count > 15)
    for command in all {
      let lines = command.configuration.discussion.split(separator: "\n").filter { $0.hasPrefix("  ") }
      #expect(lines.filter { $0.count > Self.columns } == [], "\(command)")
    }
  }
}
