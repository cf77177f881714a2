/// Draws a lifecycle.
public enum RulesDrawing {
  /// A Mermaid `stateDiagram-v2`: an arrow for each command and status it starts from, labelled with the command
  /// and its guards. `[*]` stands for an object that does not exist.
  public static func mermaid(_ rules: Rules) -> String {
    var lines = ["stateDiagram-v2"]
    for (index, state) in rules.states.enumerated() {
      lines.append("  state \"\(escape(state))\" as s\(index)")
    }
    var nodes = [Rules.none: "[*]"]
    for (index, state) in rules.states.enumerated() { nodes[state] = "s\(index)" }
    for command in rules.commands {
      let label = label(command)
      for from in command.from {
        lines.append("  \(nodes[from]!) --> \(nodes[command.to ?? from]!) : \(label)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func label(_ command: CommandRule) -> String {
    guard !command.guards.isEmpty else { return escape(command.name) }
    return escape(command.name + " [" + command.guards.map(\.description).joined(separator: " and ") + "]")
  }

  /// Writes what Mermaid or HTML would read as syntax as Mermaid's entity codes (`#59;`).
  private static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      if "#;:<>\"&%`\\{}\n\r\t".unicodeScalars.contains(scalar) {
        escaped += "#\(scalar.value);"
      } else {
        escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
