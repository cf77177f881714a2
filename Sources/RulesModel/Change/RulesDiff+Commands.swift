extension RulesDiff {
  static func commandChanges(from old: RulesOutline, to new: RulesOutline) -> [RulesChange] {
    // A status that is called otherwise now is the same one.
    let renamed = (old.version.flatMap { new.migrations[$0] }?.states ?? [:])
      .filter { !new.states.contains($0.key) }
    var changes: [RulesChange] = []
    for name in Set(old.commands.keys).union(new.commands.keys).sorted() {
      let subject = "command \(name)"
      switch (old.commands[name], new.commands[name]) {
      case (nil, _?): changes.append(RulesChange(.compatible, .command, subject, "it is new"))
      case (_?, nil):
        changes.append(
          RulesChange(
            .compatible, .command, subject,
            "it is gone: such commands are rejected as unknown-command from now on, also those that wait"))
      case (let rules?, let others?):
        changes += alternativeChanges(from: rules.map { $0.renaming(renamed) }, to: others, subject)
      case (nil, nil): break
      }
    }
    return changes
  }

  private static func alternativeChanges(
    from old: [RulesOutline.Rule], to new: [RulesOutline.Rule], _ subject: String
  ) -> [RulesChange] {
    guard old.count == new.count else {
      return [
        RulesChange(
          .compatible, .command, subject,
          "it had \(alternatives(old.count)) and has \(alternatives(new.count)): commands may be decided otherwise"
        )
      ]
    }
    return zip(old, new).enumerated().flatMap { index, rules in
      RuleComparison(
        old: rules.0, new: rules.1,
        subject: old.count == 1 ? subject : "\(subject), alternative \(index + 1)"
      ).changes
    }
  }

  private static func alternatives(_ count: Int) -> String {
    count == 1 ? "1 alternative" : "\(count) alternatives"
  }
}

/// Two versions of one rule.
private struct RuleComparison {
  let old: RulesOutline.Rule
  let new: RulesOutline.Rule
  let subject: String

  var changes: [RulesChange] { transition + fields + guards + effects + events }

  private func change(_ kind: RulesChange.Kind, _ meaning: String) -> RulesChange {
    RulesChange(.compatible, kind, subject, meaning)
  }

  private var transition: [RulesChange] {
    var changes: [RulesChange] = []
    let gone = old.from.subtracting(new.from).sorted()
    let added = new.from.subtracting(old.from).sorted()
    if !gone.isEmpty {
      changes.append(
        change(
          .transition,
          "stricter: it is not allowed from \(gone.joined(separator: " or ")) any more"))
    }
    if !added.isEmpty {
      changes.append(
        change(.transition, "looser: it is allowed from \(added.joined(separator: " and ")) too"))
    }
    if old.to != new.to {
      changes.append(change(.transition, "it led to \(target(old.to)) and leads to \(target(new.to))"))
    }
    return changes
  }

  private func target(_ to: String) -> String { to == "=" ? "the same status" : to }

  private var fields: [RulesChange] {
    var changes: [RulesChange] = []
    let (before, now) = (byName(old), byName(new))
    for name in Set(before.keys).union(now.keys).sorted() {
      switch (before[name], now[name]) {
      case (nil, let field?):
        changes.append(
          change(
            .commandField,
            field.isRequired
              ? "stricter: it requires the field \(name) now; commands without it are rejected as invalid-field"
              : "it takes the field \(name) now"))
      case (_?, nil): changes.append(change(.commandField, "it takes no field \(name) of its own any more"))
      case (let one?, let other?):
        if one.isRequired != other.isRequired {
          changes.append(
            change(
              .commandField,
              other.isRequired
                ? "stricter: the field \(name) is required now" : "looser: the field \(name) may be left out")
          )
        }
        if one.field.type != other.field.type {
          changes.append(
            change(
              .commandField,
              "its field \(name) was \(one.field.type) and is \(other.field.type): values of another type are rejected as "
                + "invalid-field"))
        } else {
          changes += BoundsComparison.changes(
            from: one.field, to: other.field, subject, of: "its field \(name): ",
            existing: "commands beyond are rejected as invalid-field")
        }
      case (nil, nil): break
      }
    }
    return changes
  }

  private func byName(_ rule: RulesOutline.Rule) -> [String: (field: RulesOutline.Field, isRequired: Bool)] {
    var fields: [String: (field: RulesOutline.Field, isRequired: Bool)] = [:]
    for field in rule.require { fields[field.name] = (field, true) }
    for field in rule.optional { fields[field.name] = (field, false) }
    return fields
  }

  private var guards: [RulesChange] {
    if old.guards == new.guards { return [] }
    let gone = old.guards.filter { !new.guards.contains($0) }
    let added = new.guards.filter { !old.guards.contains($0) }
    if gone.isEmpty, added.isEmpty {
      return [change(.condition, "its guards have another order: a rejection may have another code")]
    }
    if gone.isEmpty { return [change(.condition, "stricter: \(list(added)) must hold too")] }
    if added.isEmpty { return [change(.condition, "looser: \(list(gone)) need not hold any more")] }
    return [change(.condition, "\(list(gone)) is now \(list(added))")]
  }

  /// Conditions, with the code of those that give another one than a guard's.
  private func list(_ guards: [String]) -> String {
    guards.map { text in
      let words = RulesOutline.words(text[...])
      let condition = "`\(InfixText(words.dropFirst().joined(separator: " ")))`"
      guard let code = words.first, code != "guard-failed" else { return condition }
      return "\(condition) (else \(code))"
    }.joined(separator: " and ")
  }

  private var effects: [RulesChange] {
    var names: Set<String> = []
    for name in Set(old.set.keys).union(new.set.keys) where old.set[name] != new.set[name] {
      names.insert(name)
    }
    names.formUnion(old.keep.symmetricDifference(new.keep))
    names.formUnion(old.unset.symmetricDifference(new.unset))
    return names.sorted().map { name in
      change(.effect, "it sets \(name) \(effect(old, name)) before, \(effect(new, name)) now")
    }
  }

  private func effect(_ rule: RulesOutline.Rule, _ name: String) -> String {
    if let value = rule.set[name] { return "to `\(InfixText(value))`" }
    if rule.keep.contains(name) { return "to the command's" }
    return rule.unset.contains(name) ? "to nothing" : "not at all"
  }

  private var events: [RulesChange] {
    if old.events == new.events { return [] }
    let (before, now) = (old.events.map(type), new.events.map(type))
    guard before != now else {
      return [change(.event, "the payload of \(before.joined(separator: " and ")) is another")]
    }
    return [
      change(
        .event,
        "it made \(before.joined(separator: " and ")) and makes \(now.joined(separator: " and ")): consumers must know it"
      )
    ]
  }

  private func type(_ event: String) -> String { String(event.prefix { $0 != " " }) }
}

/// Two versions of a field's bounds.
enum BoundsComparison {
  /// - Parameters:
  ///   - place: what the sentence begins with.
  ///   - existing: what tighter bounds mean.
  static func changes(
    from old: RulesOutline.Field, to new: RulesOutline.Field, _ subject: String, of place: String = "",
    existing: String
  ) -> [RulesChange] {
    Set(old.bounds.keys).union(new.bounds.keys).sorted().compactMap { key in
      let (before, now) = (old.bounds[key], new.bounds[key])
      guard before != now else { return nil }
      let name = key == "items" ? "max" : key
      let change =
        "\(name) was \(before.map { "\(InfixText($0))" } ?? "not set") and is \(now.map { "\(InfixText($0))" } ?? "not set")"
      let isTighter: Bool
      switch (before, now) {
      case (nil, _): isTighter = true
      case (_, nil): isTighter = false
      case (let before?, let now?): isTighter = isLess(before, now) == (key == "min")
      }
      return RulesChange(
        .compatible, .bounds, subject,
        place + (isTighter ? "tighter: \(change); \(existing)" : "wider: \(change)"))
    }
  }

  private static func isLess(_ first: String, _ second: String) -> Bool {
    let (one, other) = (digits(first), digits(second))
    if let left = ExactDecimal(jsonNumber: one.utf8), let right = ExactDecimal(jsonNumber: other.utf8) {
      return ExactDecimal.order(left.unscaled, left.scale, right.unscaled, right.scale) < 0
    }
    return (Double(one) ?? 0) < (Double(other) ?? 0)
  }

  /// A constant's number without the sign of its type.
  private static func digits(_ constant: String) -> String {
    constant.filter { $0.isNumber || "+-.e".contains($0) }
  }
}
