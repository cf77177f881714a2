import Yams

extension RulesReader {
  /// One command's rule; nil after a fault.
  mutating func command(_ entry: RulesEntry) -> CommandRule? {
    let keys = keyed(
      entry.value, known: ["from", "to", "event", "require", "when", "set"],
      required: ["from", "to", "event"], what: "the command `\(entry.name)`", at: entry.mark)
    guard let keys else { return nil }
    let from = keys["from"].map { states(from: $0.value) }
    let to = keys["to"].flatMap { state(named: $0.value) }
    let event = keys["event"].flatMap { name($0.value, as: .event) }
    let require = keys["require"].map { requirements($0.value) } ?? []
    let set = keys["set"].map { keptFields($0.value) } ?? []
    checkTypes(of: require, keptBy: set)
    let kinds = kinds(require: require, set: set)
    let guards = keys["when"].map { self.guards($0.value, kinds: kinds) } ?? []
    guard let from, let to, let event else { return nil }
    if to == Rules.none, from == [Rules.none] {
      report(
        "Expected a command from none to lead to a state, but found `none`: it would neither make nor forget an "
          + "object", at: keys["to"]?.value.mark)
    }
    return CommandRule(
      name: entry.name, from: from, to: to, event: event,
      require: require.compactMap { field in field.type.map { Rules.Field(name: field.name, type: $0) } },
      guards: guards, set: set)
  }

  /// A required field; the type is nil after a fault.
  struct Requirement {
    let name: String
    let type: FieldType?
    let typeMark: Mark?
  }

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

  /// The name of a declared state or `none`; nil after a fault.
  private mutating func state(named node: Node) -> String? {
    guard case .scalar(let scalar) = node else {
      report("Expected a state or none, but found \(phrase(node))", at: node.mark)
      return nil
    }
    guard let states, !statuses.contains(scalar.string) else {
      checkForm(of: scalar.string, as: .state, at: node.mark)
      return scalar.string
    }
    let known = states + [Rules.none]
    let cure = suggest(for: scalar.string, among: known)
    report("Expected one of \(RulesText.list(known)), but found \(phrase(node))\(cure)", at: node.mark)
    return nil
  }

  private mutating func requirements(_ node: Node) -> [Requirement] {
    let entries = entries(node, what: "a mapping of field names to types") ?? []
    var found: [Requirement] = []
    for entry in entries where name(entry, as: .field) {
      found.append(Requirement(name: entry.name, type: type(entry.value), typeMark: entry.value.mark))
    }
    return found
  }

  private mutating func keptFields(_ node: Node) -> [String] {
    guard case .sequence(let list) = node else {
      report("Expected a list of fields to keep, but found \(phrase(node))", at: node.mark)
      return []
    }
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
      } else if checkDeclared(scalar.string, line: item.mark?.line ?? 1, column: item.mark?.column ?? 1) {
        names.insert(scalar.string)
        found.append(scalar.string)
      }
    }
    return found
  }

  /// Whether `fields` declares this field; reports it otherwise, and another Unicode form of it.
  private mutating func checkDeclared(_ name: String, line: Int, column: Int) -> Bool {
    guard let declared else { return false }
    if declared[name] != nil {
      checkForm(of: name, as: .field, line: line, column: column)
      return true
    }
    let known = fieldOrder.isEmpty ? "no field" : "one of \(RulesText.list(fieldOrder))"
    let suggestion = suggest(for: name, among: fieldOrder)
    let cure = suggestion.isEmpty ? ". Declare it in `fields`" : suggestion
    report(
      "Expected \(known), but found `\(RulesText.shown(name))`\(cure)", line: line, column: column)
    return false
  }

  private mutating func checkTypes(of require: [Requirement], keptBy set: [String]) {
    let kept = Set(set)
    for requirement in require where kept.contains(requirement.name) {
      guard let type = requirement.type, let kept = declared?[requirement.name] ?? nil, type != kept else {
        continue
      }
      report(
        "Expected `\(requirement.name)` to be required as \(kept.phrase), as `fields` declares it, but found "
          + "`\(type.rawValue)`", at: requirement.typeMark)
    }
  }

  /// The kinds of a command's fields, as far as they are sure.
  private func kinds(require: [Requirement], set: [String]) -> [String: Guard.Kind] {
    var kinds: [String: Guard.Kind] = [:]
    for name in set { kinds[name] = declared?[name]??.kind }
    for requirement in require where requirement.type != nil {
      kinds[requirement.name] = requirement.type?.kind
    }
    return kinds
  }

  private mutating func guards(_ node: Node, kinds: [String: Guard.Kind]) -> [Guard] {
    guard case .sequence(let list) = node else {
      report("Expected a list of guards, but found \(phrase(node))", at: node.mark)
      return []
    }
    var guards: [Guard] = []
    for item in list {
      guard case .scalar(let scalar) = item else {
        report("Expected a guard like \"total > 0\", but found \(phrase(item))", at: item.mark)
        continue
      }
      do {
        let parsed = try GuardParser.parse(scalar.string)
        check(parsed, in: scalar, kinds: kinds)
        guards.append(parsed.value)
      } catch {
        report(error.message, at: error.offset, in: scalar)
      }
    }
    return guards
  }

  private mutating func report(_ message: String, at offset: Int, in scalar: Node.Scalar) {
    let place = source.place(of: offset, in: scalar)
    report(message, line: place.line, column: place.column)
  }

  private mutating func check(
    _ parsed: GuardParser.Parsed, in scalar: Node.Scalar, kinds: [String: Guard.Kind]
  ) {
    let condition = parsed.value
    for (operand, offset) in [(condition.left, parsed.leftOffset), (condition.right, parsed.rightOffset)] {
      let place = source.place(of: offset, in: scalar)
      if case .command(let field) = operand {
        checkForm(of: field, as: .field, line: place.line, column: place.column)
      }
      guard case .state(let field) = operand else { continue }
      if field == "status" {
        report(
          "Expected a field of the object, but found `state.status`. List the statuses in `from`",
          line: place.line, column: place.column)
      } else {
        _ = checkDeclared(field, line: place.line, column: place.column)
      }
    }
    let left = kind(condition.left, kinds)
    let right = kind(condition.right, kinds)
    if let left, let right, left != right {
      report(
        "Expected both sides of `\(RulesText.shown(condition.description))` to be of one kind, but found a \(left.rawValue) and a "
          + "\(right.rawValue)", at: parsed.comparisonOffset, in: scalar)
    } else if condition.comparison.isOrdering, left == .boolean || right == .boolean {
      report(
        "Expected == or != between booleans, but found `\(condition.comparison.rawValue)`",
        at: parsed.comparisonOffset, in: scalar)
    }
  }

  /// An operand's kind where it is sure.
  private func kind(_ operand: Guard.Operand, _ kinds: [String: Guard.Kind]) -> Guard.Kind? {
    switch operand {
    case .string, .integer, .number, .boolean: operand.literalKind
    case .state(let name): declared?[name]??.kind
    case .command(let name): kinds[name]
    }
  }
}
