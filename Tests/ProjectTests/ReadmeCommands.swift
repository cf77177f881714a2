/// The commands that a README tells its reader to type, and whether they exist.
enum ReadmeCommands {
  /// Targets of a Makefile.
  static func targets(ofMakefile text: String) -> Set<String> {
    Set(
      text.split(separator: "\n").compactMap {
        $0.firstMatch(of: /^([a-z][a-z-]*):(?!=)/).map { String($0.1) }
      })
  }

  /// Targets that a README passes to make.
  static func makeTargets(inReadme text: String) -> Set<String> {
    Set(code(of: text).flatMap { $0.matches(of: /\bmake ([a-z][a-z-]*)/).map { String($0.1) } })
  }

  /// A use of the executable: the words after `sequitur`, up to the end of the command.
  struct Use: Equatable {
    var subcommand: String
    var flags: [String]
  }

  /// Uses of the executable in a README's code.
  static func uses(inReadme text: String) -> [Use] {
    code(of: text).flatMap { line in
      line.split { "|;&()".contains($0) }.compactMap { command in
        guard let match = command.firstMatch(of: /(?:^|[\/\s])sequitur ([a-z][a-z-]*)(.*)/) else {
          return nil
        }
        return Use(
          subcommand: String(match.1),
          flags: match.2.matches(of: /(?:^|\s)--([a-z][a-z-]*)/).map { String($0.1) })
      }
    }
  }

  /// What of these uses the executable's sources do not define, as sentences.
  ///
  /// A subcommand is there when a source says `commandName: "name"` or declares its type; a flag when a source names it
  /// or declares its property.
  static func faults(of uses: [Use], sources: String) -> [String] {
    uses.flatMap { use in
      let type = use.subcommand.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }
        .joined()
      let known = ["\"\(use.subcommand)\"", "struct \(type):", "struct \(type)Command:"].contains {
        sources.contains($0)
      }
      let missing = known ? [] : ["there is no 'sequitur \(use.subcommand)'"]
      return missing
        + use.flags.filter { !defines(flag: $0, sources) }.map { flag in
          "'sequitur \(use.subcommand)' has no --\(flag)"
        }
    }
  }

  private static func defines(flag: String, _ sources: String) -> Bool {
    if ["help", "version"].contains(flag) { return true }
    let words = flag.split(separator: "-")
    let property =
      words.prefix(1).map(String.init) + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
    return sources.contains("\"\(flag)\"") || sources.contains("var \(property.joined()):")
      || sources.contains("var \(property.joined()) ")
  }

  /// Lines of fenced blocks, without comments and with continued lines joined, and inline code spans.
  private static func code(of markdown: String) -> [String] {
    var inBlock = false
    var found: [String] = []
    for line in markdown.replacing("\\\n", with: " ").split(separator: "\n") {
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        inBlock.toggle()
      } else if inBlock {
        found.append(String(line.prefix { $0 != "#" }))
      } else {
        found += line.matches(of: /`([^`]+)`/).map { String($0.1) }
      }
    }
    return found
  }
}
