import RulesModel

/// What examples have shown of rules.
public struct RulesCoverage: Sendable {
  /// What can be shown.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A command was accepted.
    case commands
    /// One of several rules of a command was the one that decided.
    case alternatives
    /// A guard has held, or has not: two things.
    case guards
    /// A command led from one status to another.
    case transitions
  }

  /// One thing that can be shown.
  public struct Item: Sendable, Hashable {
    /// What is shown.
    public let kind: Kind
    /// Like `reserve: state.reserved < 5 holds`.
    public let name: String
    /// The rule's line in its file.
    public let line: Int
    /// Whether an example has shown it.
    public fileprivate(set) var isCovered = false
  }

  /// All, in the order of the file.
  public private(set) var items: [Item] = []
  private var places: [Place: Int] = [:]

  private enum Place: Hashable {
    case command(String)
    case alternative(String, Int)
    case condition(String, Int, Int, Bool)
    case transition(String, Int, String)
  }

  init(_ rules: Rules) {
    let choices = Set(rules.commands.filter { $0.alternative > 0 }.map(\.name))
    for rule in rules.commands {
      let hasChoice = choices.contains(rule.name)
      let name = hasChoice ? "\(rule.name) (\(rule.alternative + 1))" : rule.name
      if rule.alternative == 0 { add(.command(rule.name), .commands, rule.name, rule) }
      if hasChoice { add(.alternative(rule.name, rule.alternative), .alternatives, name, rule) }
      for (index, condition) in rule.guards.enumerated() {
        for holds in [true, false] {
          add(
            .condition(rule.name, rule.alternative, index, holds), .guards,
            "\(name): \(RulesText.shown(condition.description)) \(holds ? "holds" : "fails")", rule)
        }
      }
      for from in rule.from {
        add(
          .transition(rule.name, rule.alternative, from), .transitions,
          "\(name): \(from) → \(rule.to ?? from)", rule)
      }
    }
  }

  private mutating func add(_ place: Place, _ kind: Kind, _ name: String, _ rule: CommandRule) {
    places[place] = items.count
    items.append(Item(kind: kind, name: name, line: rule.line))
  }

  /// How many of a kind there are, and how many were shown.
  public func count(_ kind: Kind) -> (covered: Int, all: Int) {
    let all = items.filter { $0.kind == kind }
    return (all.filter(\.isCovered).count, all.count)
  }

  /// What no example has shown.
  public var uncovered: [Item] { items.filter { !$0.isCovered } }

  /// Whether everything was shown.
  public var isFull: Bool { items.allSatisfy(\.isCovered) }

  private mutating func cover(_ place: Place) {
    if let index = places[place] { items[index].isCovered = true }
  }

  /// Takes a decision: the rules that were tried, and how far the command came with each.
  mutating func add(_ trials: [LifecycleDecider.Trial], from status: String) {
    for trial in trials {
      let rule = trial.rule
      for index in 0..<trial.guardsHeld { cover(.condition(rule.name, rule.alternative, index, true)) }
      if trial.hasGuardFailed { cover(.condition(rule.name, rule.alternative, trial.guardsHeld, false)) }
      guard trial.isAccepted else { continue }
      cover(.command(rule.name))
      cover(.alternative(rule.name, rule.alternative))
      cover(.transition(rule.name, rule.alternative, status))
    }
  }
}
