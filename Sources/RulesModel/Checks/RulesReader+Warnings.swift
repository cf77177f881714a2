import Yams

extension RulesReader {
  /// Reports what is allowed but probably not meant.
  mutating func warn(about rules: Rules) {
    let reachable = Self.reachable(rules)
    let fields = Dictionary(rules.fields.map { ($0.name, $0) }) { first, _ in first }
    for state in rules.states where !reachable.contains(state) {
      warn("Expected a way from none to the state `\(state)`, but no command leads to it", "state \(state)")
    }
    warnAboutFields(rules)
    for (rule, place) in zip(rules.commands, places) {
      if !rule.from.contains(where: reachable.contains) {
        warn(
          "Expected the command `\(rule.name)` to be possible, but no object reaches its `from`", place.rule)
      }
      warnAboutGuards(rule, place, fields)
    }
    warnAboutAlternatives(rules)
    warnAboutReads(rules, reachable)
  }

  private mutating func warn(_ message: String, _ thing: String) {
    report(message, at: marks[thing], severity: .warning)
  }

  private mutating func warn(_ message: String, _ place: RulePlaces.Place) {
    report(message, line: place.line, column: place.column, severity: .warning)
  }

  private mutating func warnAboutFields(_ rules: Rules) {
    let kept = Set(rules.commands.flatMap { $0.keep + $0.assign.map(\.field) })
    for field in rules.fields {
      if !kept.contains(field.name), field.initial == nil {
        warn(
          "Expected a command that keeps the field `\(field.name)`, but no `set` names it",
          "field \(field.name)")
      }
      if field.type == .number, MoneyName.looksLikeMoney(field.name) {
        warn(
          "Expected money to be exact, but `\(field.name)` is a number, which is a double. Write {type: decimal, "
            + "scale: 2}", "field \(field.name)")
      }
    }
  }

  private mutating func warnAboutGuards(
    _ rule: CommandRule, _ place: RulePlaces, _ fields: [String: Rules.Field]
  ) {
    for (condition, guardPlace) in zip(rule.guards, place.guards)
    where rule.from == [Rules.none] && condition.asksForState(fields) {
      warn(
        "Expected a guard that can hold, but `\(RulesText.shown(condition.description))` asks for the state of an "
          + "object that does not exist", guardPlace)
    }
    var facts = ValueFacts(rule: rule, fields: fields)
    for (condition, guardPlace) in zip(rule.guards, place.guards) {
      switch facts.assume(condition.condition.root) {
      case .never(let because):
        let reason = because.map { ": \($0)" } ?? ""
        warn(
          "Expected a guard that can hold, but `\(RulesText.shown(condition.description))` never does\(reason)",
          guardPlace)
        // What follows from a contradiction says nothing.
        return
      case .always:
        warn(
          "Expected a guard that can fail, but `\(RulesText.shown(condition.description))` always holds",
          guardPlace)
      case .unknown: break
      }
    }
  }

  private mutating func warnAboutAlternatives(_ rules: Rules) {
    var first = 0
    while first < rules.commands.count {
      var end = first + 1
      while end < rules.commands.count, rules.commands[end].alternative > 0 { end += 1 }
      for later in (first..<end).dropFirst() {
        var open = Set(rules.commands[later].from)
        for earlier in first..<later where rules.commands[earlier].covers(rules.commands[later]) {
          open.subtract(rules.commands[earlier].from)
        }
        if open.isEmpty {
          warn(
            "Expected each alternative of `\(rules.commands[later].name)` to be reached, but the ones before it "
              + "take all its commands", places[later].rule)
        }
      }
      first = end
    }
  }

  /// Reports fields of the object that are read where nothing may have set them.
  private mutating func warnAboutReads(_ rules: Rules, _ reachable: Set<String>) {
    guard let settled = SettledFields(rules) else { return }
    // A list of many states times many reads is not judged to its end.
    var steps = 0
    let initial = Set(rules.fields.filter { $0.initial != nil }.map(\.name))
    for (rule, place) in zip(rules.commands, places) {
      let statuses = rule.from.filter { $0 != Rules.none && reachable.contains($0) }
      var told: Set<String> = []
      var silent = Set(rule.guards.flatMap { $0.condition.reads.asked.filter(\.isState).map(\.name) })
      // What the rule sets itself is there in its event's payload.
      let before = Set((rule.guards.map(\.condition) + rule.assign.map(\.value)).flatMap(\.reads.state))
      silent.formUnion((rule.keep + rule.assign.map(\.field)).filter { !before.contains($0) })
      for read in place.reads where !initial.contains(read.field) && !silent.contains(read.field) {
        steps += statuses.count
        guard steps <= SettledFields.stepsMax else { return }
        guard let open = statuses.first(where: { !settled.isSet(read.field, in: $0) }) else { continue }
        guard told.insert(read.field).inserted else { continue }
        warn(
          "Expected `state.\(read.field)` to be set, but "
            + (settled.maybeSet(read.field, in: open)
              ? "some ways to the state `\(open)` leave it unset" : "no way to the state `\(open)` sets it")
            + ". Give it a default, or ask has(state.\(read.field))", read.place)
      }
    }
  }

  /// The states that an object can have, and none.
  private static func reachable(_ rules: Rules) -> Set<String> {
    var targets: [String: [String]] = [:]
    for command in rules.commands {
      for state in command.from { targets[state, default: []].append(command.to ?? state) }
    }
    var reachable: Set = [Rules.none]
    var next = [Rules.none]
    while let state = next.popLast() {
      for target in targets[state] ?? [] where reachable.insert(target).inserted { next.append(target) }
    }
    return reachable
  }
}

extension FieldReads {
  var isEmpty: Bool { command.isEmpty && state.isEmpty && asked.isEmpty }
}

extension Guard {
  /// Whether it needs a field of the object that has no default.
  func asksForState(_ fields: [String: Rules.Field]) -> Bool {
    condition.reads.state.contains { fields[$0]?.initial == nil }
  }
}

extension CommandRule {
  /// Whether every command that would fit the other alternative fits this one, in the statuses they share.
  func covers(_ other: CommandRule) -> Bool {
    let conditions = Set(other.guards.map(\.condition))
    let fields = Set(other.require + other.optional)
    return guards.allSatisfy { conditions.contains($0.condition) }
      && require.allSatisfy(Set(other.require).contains) && optional.allSatisfy(fields.contains)
      && keep.allSatisfy { other.keep.contains($0) || other.require.map(\.name).contains($0) }
  }
}

/// Names that mean money.
enum MoneyName {
  private static let words: Set = [
    "price", "amount", "total", "balance", "cost", "fee", "money", "salary", "payment", "tax", "vat",
    "discount",
    "subtotal", "refund", "deposit", "credit", "debit", "revenue", "budget", "preis", "betrag", "saldo",
    "summe",
  ]

  /// Whether one of the name's words means money: `unitPrice`, `net_amount`.
  static func looksLikeMoney(_ name: String) -> Bool {
    var word = ""
    for scalar in name.unicodeScalars {
      let isLetter = scalar.properties.isAlphabetic
      if !isLetter || scalar.properties.isUppercase {
        if words.contains(word) { return true }
        word = ""
      }
      if isLetter { word += scalar.properties.lowercaseMapping }
    }
    return words.contains(word)
  }
}
