import Yams

extension RulesReader {
  /// Reports what is allowed but probably not meant.
  mutating func warn(about rules: Rules) {
    let reachable = Self.reachable(rules)
    for state in rules.states where !reachable.contains(state) {
      warn("Expected a way from none to the state `\(state)`, but no command leads to it", "state \(state)")
    }
    for command in rules.commands where !command.from.contains(where: reachable.contains) {
      warn(
        "Expected the command `\(command.name)` to be possible, but no object reaches its `from`",
        "command \(command.name)")
    }
    let kept = Set(rules.commands.flatMap(\.set))
    for field in rules.fields where !kept.contains(field.name) {
      warn(
        "Expected a command that keeps the field `\(field.name)`, but no `set` names it",
        "field \(field.name)")
    }
    for command in rules.commands where command.from == [Rules.none] {
      for condition in command.guards where condition.usesState {
        warn(
          "Expected a guard that can hold, but `\(RulesText.shown(condition.description))` asks for the state of an object that does not exist",
          "command \(command.name)")
      }
    }
  }

  private mutating func warn(_ message: String, _ thing: String) {
    report(message, at: marks[thing], severity: .warning)
  }

  /// The states that an object can have, and none.
  private static func reachable(_ rules: Rules) -> Set<String> {
    var targets: [String: [String]] = [:]
    for command in rules.commands {
      for state in command.from { targets[state, default: []].append(command.to) }
    }
    var reachable: Set = [Rules.none]
    var next = [Rules.none]
    while let state = next.popLast() {
      for target in targets[state] ?? [] where reachable.insert(target).inserted { next.append(target) }
    }
    return reachable
  }
}

extension Guard {
  var usesState: Bool {
    if case .state = left { return true }
    if case .state = right { return true }
    return false
  }
}
