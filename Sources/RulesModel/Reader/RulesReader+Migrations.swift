import Yams

extension RulesReader {
  /// What `migrate` says: one mapping, or a list of them.
  mutating func readMigrations(_ node: Node, version: Int) -> [Migration] {
    guard case .sequence(let list) = node else { return migration(node, version).map { [$0] } ?? [] }
    var found: [Migration] = []
    for item in list {
      guard let migration = migration(item, version) else { continue }
      if found.contains(where: { $0.from == migration.from }) {
        report(
          "Expected each `from` once, but found \(migration.from) again. Write all of a version into one mapping",
          at: item.mark)
      } else {
        found.append(migration)
      }
    }
    if list.count > RulesFile.migrationsMax {
      report(
        "Expected at most \(RulesFile.migrationsMax) migrations, but found \(list.count)", at: node.mark)
    }
    return found
  }

  private mutating func migration(_ node: Node, _ version: Int) -> Migration? {
    let keys = keyed(
      node, known: ["from", "states", "fields"], required: ["from"],
      what: "a migration like {from: 1, states: {held: reserved}}")
    guard let keys, let fromNode = keys["from"]?.value else { return nil }
    guard case .scalar(let scalar) = fromNode, let from = Int(scalar.string), 1...65_534 ~= from else {
      report(
        "Expected the version that wrote the states, 1 to 65534, but found \(phrase(fromNode))",
        at: fromNode.mark)
      return nil
    }
    guard from < version else {
      report(
        "Expected `from` to be below the rules' version \(version), but found \(from). Write `version: \(from + 1)`",
        at: fromNode.mark)
      return nil
    }
    let states = keys["states"].map { formerStates($0.value) } ?? [:]
    let fields = keys["fields"].map { formerFields($0.value) } ?? []
    if node.mapping?.count == 1 {
      report("Expected the migration to have the key `states` or `fields`, but there is none", at: node.mark)
    }
    return Migration(from: from, states: states, fields: fields)
  }

  private mutating func formerStates(_ node: Node) -> [String: String] {
    var found: [String: String] = [:]
    for entry in entries(node, what: "a mapping of older states to states") ?? []
    where name(entry, as: .state) {
      if entry.name == Rules.none {
        report("Expected an older state, but found `none`, which no stored object has", at: entry.mark)
        continue
      }
      guard case .scalar(let scalar) = entry.value, scalar.string != Rules.none else {
        report(
          "Expected a state, but found \(phrase(entry.value)). A migration forgets no object: let a command do that",
          at: entry.value.mark)
        continue
      }
      guard let states, !states.contains(scalar.string) else {
        checkForm(of: scalar.string, as: .state, at: entry.value.mark)
        found[entry.name] = scalar.string
        continue
      }
      let cure = suggest(for: scalar.string, among: states)
      report(
        "Expected one of \(RulesText.list(states)), but found \(phrase(entry.value))\(cure)",
        at: entry.value.mark)
    }
    return found
  }

  private mutating func formerFields(_ node: Node) -> [Assignment] {
    let entries = entries(node, what: "a mapping of fields to expressions on the older state") ?? []
    var scope = ExpressionScope()
    scope.isMigration = true
    scope.suggestion = suggestion
    let migrated = Set(entries.map(\.name))
    for name in fieldOrder where !migrated.contains(name) { scope.add(state: name, declared?[name] ?? nil) }
    var rule = RuleParts(
      scope: scope, places: RulePlaces(rule: (node.mark?.line ?? 1, node.mark?.column ?? 1)))
    rule.isTyped = canCheckTypes
    var found: [Assignment] = []
    for entry in entries where checkDeclared(entry.name, at: entry.mark) {
      guard let field = declared?[entry.name] ?? nil else { continue }
      if let value = expression(entry.value, &rule, of: field) {
        found.append(Assignment(field: entry.name, value: value))
      }
    }
    return found
  }
}
