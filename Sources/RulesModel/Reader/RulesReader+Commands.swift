import Yams

extension RulesReader {
  /// A command's rule, or its alternatives; those with faults are left out.
  mutating func command(_ entry: RulesEntry) -> [CommandRule] {
    guard case .sequence(let list) = entry.value else {
      return rule(entry, entry.value, alternative: 0, at: entry.mark).map { [$0] } ?? []
    }
    if list.isEmpty || list.count > RulesFile.alternativesMax {
      report(
        "Expected 1 to \(RulesFile.alternativesMax) alternatives of the command `\(entry.name)`, but found "
          + "\(list.count)", at: entry.value.mark)
      return []
    }
    return list.enumerated().compactMap { rule(entry, $1, alternative: $0, at: $1.mark) }
  }

  /// One rule; nil after a fault.
  private mutating func rule(
    _ entry: RulesEntry, _ node: Node, alternative: Int, at mark: Mark?
  ) -> CommandRule? {
    let keys = keyed(
      node, known: ["from", "to", "event", "require", "optional", "when", "set", "unset"],
      required: ["from", "to", "event"], what: "the command `\(entry.name)`", at: mark)
    guard let keys else { return nil }
    let (line, column) = (mark?.line ?? 1, mark?.column ?? 1)
    var rule = RuleParts(scope: scope, places: RulePlaces(rule: (line, column)))
    rule.isTyped = canCheckTypes
    let from = keys["from"].map { states(from: $0.value) }
    let to = keys["to"].flatMap { target($0.value) }
    readFields(keys, &rule)
    let guards = keys["when"].map { self.guards($0.value, &rule) } ?? []
    let assign = keys["set"].map { assignments($0.value, &rule) } ?? []
    let unset = keys["unset"].map { unsetFields($0.value) } ?? []
    let set = Set(rule.keep + assign.map(\.field))
    for name in unset where set.contains(name) {
      report("Expected `\(name)` in `set` or in `unset`, but it is in both", at: keys["unset"]?.value.mark)
    }
    let events = keys["event"].map { self.events($0.value, &rule) } ?? []
    guard let from, let to, !events.isEmpty else { return nil }
    check(from, to, keys["to"]?.value.mark)
    places.append(rule.places)
    return CommandRule(
      name: entry.name, alternative: alternative, from: from, to: to.name, events: events,
      require: rule.require, optional: rule.optional, guards: guards, keep: rule.keep, assign: assign,
      unset: unset, line: line)
  }

  /// What is known of a rule while it is read.
  struct RuleParts {
    var require: [Rules.Field] = []
    var optional: [Rules.Field] = []
    var keep: [String] = []
    /// What its expressions may name.
    var scope: ExpressionScope
    var places: RulePlaces
    /// Whether all types are known, so that expressions can be checked beyond their grammar.
    var isTyped = true
  }

  /// The status that a command leads to; no name: it stays.
  private struct Target {
    let name: String?
  }

  private mutating func check(_ from: [String], _ to: Target, _ mark: Mark?) {
    if to.name == Rules.none, from == [Rules.none] {
      report(
        "Expected a command from none to lead to a state, but found `none`: it would neither make nor forget an "
          + "object", at: mark)
    }
    if to.name == nil, from.contains(Rules.none) {
      report(
        "Expected a command from none to lead to a state, but found `same`: a new object has none yet",
        at: mark)
    }
  }

  // MARK: States

  private mutating func states(from node: Node) -> [String] {
    guard case .sequence(let list) = node else { return state(named: node).map { [$0] } ?? [] }
    if list.isEmpty {
      report(
        "Expected at least one state, but the list is empty. Write `none` for a new object", at: node.mark)
    }
    var found: [String] = []
    var names: Set<String> = []
    for item in list {
      guard let state = state(named: item) else { continue }
      if !names.insert(state).inserted {
        report("Expected each state once, but found `\(RulesText.shown(state))` again", at: item.mark)
      } else {
        found.append(state)
      }
    }
    return found
  }

  private mutating func target(_ node: Node) -> Target? {
    // A state may be called `same`, as it could before there was such a word.
    if case .scalar(let scalar) = node, scalar.string == Rules.same, !statuses.contains(Rules.same) {
      return Target(name: nil)
    }
    return state(named: node, orSame: true).map { Target(name: $0) }
  }

  /// The name of a declared state or `none`; nil after a fault.
  private mutating func state(named node: Node, orSame: Bool = false) -> String? {
    guard case .scalar(let scalar) = node else {
      report("Expected a state or none, but found \(phrase(node))", at: node.mark)
      return nil
    }
    guard let states, !statuses.contains(scalar.string) else {
      checkForm(of: scalar.string, as: .state, at: node.mark)
      return scalar.string
    }
    let known = states + [Rules.none] + (orSame ? [Rules.same] : [])
    let cure = suggest(for: scalar.string, among: known)
    report("Expected one of \(RulesText.list(known)), but found \(phrase(node))\(cure)", at: node.mark)
    return nil
  }

  // MARK: Fields

  private mutating func readFields(_ keys: [String: RulesEntry], _ rule: inout RuleParts) {
    rule.keep = keys["set"].map { keptFields($0.value) } ?? []
    let kept = Set(rule.keep)
    var required: Set<String> = []
    if let require = keys["require"] {
      for (field, mark) in commandFields(require.value, &rule) {
        rule.require.append(field)
        required.insert(field.name)
        checkType(of: field, kept, at: mark)
      }
    }
    if let optional = keys["optional"] {
      for (field, mark) in commandFields(optional.value, &rule) {
        if required.contains(field.name) {
          report("Expected `\(field.name)` in `require` or in `optional`, but it is in both", at: mark)
        }
        rule.optional.append(field)
        checkType(of: field, kept, at: mark)
      }
    }
    for field in rule.require + rule.optional { rule.scope.add(command: field.name, field.type) }
    for name in rule.keep where rule.scope.command[name] == nil {
      if let field = declared?[name] ?? nil { rule.scope.add(command: name, field.type) }
    }
  }

  private mutating func commandFields(
    _ node: Node, _ rule: inout RuleParts
  ) -> [(field: Rules.Field, mark: Mark?)] {
    var found: [(Rules.Field, Mark?)] = []
    for entry in entries(node, what: "a mapping of field names to types") ?? [] where name(entry, as: .field)
    {
      if let field = field(entry, of: .command) {
        found.append((field, entry.value.mark))
      } else {
        rule.isTyped = false
      }
    }
    return found
  }

  private mutating func keptFields(_ node: Node) -> [String] {
    if case .mapping = node { return [] }
    guard case .sequence(let list) = node else {
      report(
        "Expected a list of fields to keep, or a mapping of fields to expressions, but found \(phrase(node))",
        at: node.mark)
      return []
    }
    return fieldNames(list)
  }

  private mutating func unsetFields(_ node: Node) -> [String] {
    guard case .sequence(let list) = node else {
      report("Expected a list of fields to remove, but found \(phrase(node))", at: node.mark)
      return []
    }
    return fieldNames(list)
  }

  /// Names of the object's fields, each once.
  private mutating func fieldNames(_ list: Node.Sequence) -> [String] {
    var found: [String] = []
    var names: Set<String> = []
    for item in list {
      guard case .scalar(let scalar) = item else {
        report("Expected the name of a field, but found \(phrase(item))", at: item.mark)
        continue
      }
      if names.contains(scalar.string) {
        report(
          "Expected each field once, but found `\(RulesText.shown(scalar.string))` again", at: item.mark)
      } else if checkDeclared(scalar.string, at: item.mark) {
        names.insert(scalar.string)
        found.append(scalar.string)
      }
    }
    return found
  }

  /// Whether `fields` declares this field; reports it otherwise, and another Unicode form of it.
  mutating func checkDeclared(_ name: String, at mark: Mark?) -> Bool {
    guard let declared else { return false }
    if declared[name] != nil {
      checkForm(of: name, as: .field, at: mark)
      return true
    }
    let known = fieldOrder.isEmpty ? "no field" : "one of \(RulesText.list(fieldOrder))"
    let suggestion = suggest(for: name, among: fieldOrder)
    let cure = suggestion.isEmpty ? ". Declare it in `fields`" : suggestion
    report("Expected \(known), but found `\(RulesText.shown(name))`\(cure)", at: mark)
    return false
  }

  /// A field that is kept must be required as the type that it is kept as.
  private mutating func checkType(of field: Rules.Field, _ kept: Set<String>, at mark: Mark?) {
    guard kept.contains(field.name), let declared = declared?[field.name] ?? nil, declared.type != field.type
    else { return }
    report(
      "Expected `\(field.name)` to be required as \(declared.type.phrase), as `fields` declares it, but found "
        + "`\(field.type.name)`", at: mark)
  }

  // MARK: Events and values

  private mutating func assignments(_ node: Node, _ rule: inout RuleParts) -> [Assignment] {
    guard case .mapping = node else { return [] }
    var found: [Assignment] = []
    for entry in entries(node, what: "a mapping of fields to expressions") ?? []
    where checkDeclared(entry.name, at: entry.mark) {
      guard let field = declared?[entry.name] ?? nil else { continue }
      if let value = expression(entry.value, &rule, of: field) {
        found.append(Assignment(field: entry.name, value: value))
      }
    }
    return found
  }

  private mutating func events(_ node: Node, _ rule: inout RuleParts) -> [EventRule] {
    guard case .sequence(let list) = node, !list.isEmpty else {
      return event(node, &rule).map { [$0] } ?? []
    }
    if list.count > RulesFile.eventsMax {
      report("Expected at most \(RulesFile.eventsMax) events, but found \(list.count)", at: node.mark)
      return []
    }
    let found = list.compactMap { event($0, &rule) }
    return found.count == list.count ? found : []
  }

  private mutating func event(_ node: Node, _ rule: inout RuleParts) -> EventRule? {
    guard case .mapping = node else {
      return name(node, as: .event).map { EventRule(type: $0, payload: nil) }
    }
    let keys = keyed(node, known: ["type", "payload"], required: ["type"], what: "the event")
    guard let keys, let type = keys["type"].flatMap({ name($0.value, as: .event) }) else { return nil }
    guard let payload = keys["payload"] else { return EventRule(type: type, payload: nil) }
    var members: [Assignment] = []
    for entry in entries(payload.value, what: "a mapping of names to expressions") ?? []
    where name(entry, as: .field) {
      if let value = expression(entry.value, &rule, of: nil) {
        members.append(Assignment(field: entry.name, value: value))
      }
    }
    return EventRule(type: type, payload: members)
  }

  // MARK: Guards

  private mutating func guards(_ node: Node, _ rule: inout RuleParts) -> [Guard] {
    guard case .sequence(let list) = node else {
      report("Expected a list of guards, but found \(phrase(node))", at: node.mark)
      return []
    }
    return list.compactMap { condition($0, &rule) }
  }

  private mutating func condition(_ node: Node, _ rule: inout RuleParts) -> Guard? {
    if case .scalar(let scalar) = node {
      return checked(scalar, &rule, as: .condition).map {
        rule.places.guards.append(place(of: node.mark))
        return Guard(condition: $0, code: nil, reason: nil)
      }
    }
    guard case .mapping = node else {
      report("Expected a guard like \"total > 0\", but found \(phrase(node))", at: node.mark)
      return nil
    }
    let keys = keyed(node, known: ["if", "else", "reason"], required: ["if"], what: "the guard")
    guard let keys, let condition = keys["if"] else { return nil }
    let code = keys["else"].flatMap { rejectionCode($0.value) }
    let reason = keys["reason"].flatMap { template($0.value, &rule) }
    guard case .scalar(let scalar) = condition.value else {
      report(
        "Expected a guard like \"total > 0\", but found \(phrase(condition.value))", at: condition.value.mark)
      return nil
    }
    return checked(scalar, &rule, as: .condition).map {
      rule.places.guards.append(place(of: scalar.mark))
      return Guard(condition: $0, code: code, reason: reason)
    }
  }

  private func place(of mark: Mark?) -> RulePlaces.Place { (mark?.line ?? 1, mark?.column ?? 1) }

  /// A rejection's code that rules may give; nil after a fault.
  private mutating func rejectionCode(_ node: Node) -> String? {
    let own = ["not-found", "invalid-transition", "invalid-field", "guard-failed", "out-of-range"]
    guard case .scalar(let scalar) = node else {
      report("Expected a rejection's code, but found \(phrase(node))", at: node.mark)
      return nil
    }
    let code = scalar.string
    if own.contains(code) { return code }
    let name = code.utf8.dropFirst(2)
    let isName = name.allSatisfy {
      $0 >= 97 && $0 <= 122 || $0 >= 48 && $0 <= 57 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        || $0 == UInt8(ascii: ".")
    }
    if code.hasPrefix("x-"), 1...64 ~= name.count, isName, !code.hasPrefix("x-x-") { return code }
    var cure = suggest(for: code, among: own)
    if code.hasPrefix("x-") {
      cure = ". Behind x- it has 1 to 64 small letters, digits and - _ ."
    } else if Self.engineCodes.contains(code) {
      cure = ", which the engine gives"
    } else if cure.isEmpty {
      cure = ". Write `x-\(RulesText.shown(code.lowercased().replacing(" ", with: "-")))`"
    }
    report(
      "Expected x- and a name, or one of \(own.joined(separator: ", ")), but found \(phrase(node))\(cure)",
      at: node.mark)
    return nil
  }

  private static let engineCodes = [
    "malformed", "invalid-key", "unknown-command", "version-conflict", "duplicate", "too-large",
    "decider-error",
  ]
}
