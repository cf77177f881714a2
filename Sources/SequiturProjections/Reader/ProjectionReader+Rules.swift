import RulesModel
import Yams

extension ProjectionReader {
  /// What values are taken from.
  enum Origin {
    case event
    case state

    fileprivate func has(_ value: ValueExpression) -> Bool {
      switch value {
      case .key, .version, .partition, .payload, .field, .constant: true
      case .type, .time, .id, .offset, .header: self == .event
      }
    }
  }

  /// Reads `events`: by type, `*` among them.
  mutating func readRules(_ node: Node) -> [String: EventRule] {
    guard let entries = entries(node, what: "a mapping of event types to what they do") else { return [:] }
    if entries.isEmpty { report("Expected at least one event type, but there is none", at: node.mark) }
    var rules: [String: EventRule] = [:]
    for entry in entries {
      if entry.name.isEmpty { report("Expected an event type, but it is empty", at: entry.mark) }
      rules[entry.name] = rule(entry)
    }
    return rules
  }

  private mutating func rule(_ entry: ProjectionEntry) -> EventRule {
    let node = entry.value
    if let word = node.scalar, word.style == .plain {
      if word.string == "delete" {
        rowRules.append(entry.mark)
        return EventRule(row: RowRule(kind: .delete, sets: [], increments: []), statements: [])
      }
      if word.string == "ignore" { return .ignore }
    }
    let known = ["upsert", "update", "insert", "increment", "delete", "sql"]
    guard case .mapping = node else {
      report(
        "Expected `delete`, `ignore` or a mapping with the keys \(RulesText.list(known)), but found \(phrase(node))",
        at: node.mark)
      return .ignore
    }
    guard let parts = keyed(node, known: known, required: [], what: "an event's rule") else {
      return .ignore
    }
    if parts.isEmpty {
      report("Expected one of \(RulesText.list(known)), but there is none. Write `ignore`", at: node.mark)
    }
    return EventRule(row: row(parts, entry.mark), statements: parts["sql"].map { statements($0.value) } ?? [])
  }

  private mutating func row(_ parts: [String: ProjectionEntry], _ mark: Mark?) -> RowRule? {
    let kinds = RowRule.Kind.allCases.filter { parts[$0.rawValue] != nil }
    guard parts["increment"] != nil || !kinds.isEmpty else { return nil }
    rowRules.append(mark)
    if kinds.count > 1 {
      let second = parts[kinds[1].rawValue]
      report(
        "Expected one of \(RulesText.list(kinds.map(\.rawValue))) for an event, but found \(kinds.count)",
        at: second?.mark)
    }
    // An increment alone changes the row that is there.
    let kind = kinds.first ?? .update
    if let entry = parts["increment"], kind == .insert || kind == .delete {
      report(
        "Expected `increment` alone or beside `upsert` or `update`, but found `\(kind.rawValue)`",
        at: entry.mark)
    }
    var sets: [ColumnValue] = []
    if let entry = parts[kind.rawValue] {
      if kind == .delete {
        if phrase(entry.value) != "nothing", entry.value.scalar?.string != "true" {
          report("Expected `delete: true`, but found \(phrase(entry.value))", at: entry.value.mark)
        }
      } else {
        sets = assignments(entry.value, what: "a mapping of columns to values", of: .event)
      }
    }
    let increments = parts["increment"].map { self.increments($0.value, besides: sets) } ?? []
    if kind == .update, parts["increment"] == nil, let entry = parts["update"],
      case .mapping(let mapping) = entry.value, mapping.isEmpty
    {
      report("Expected at least one column to update, but there is none", at: entry.value.mark)
    }
    return RowRule(kind: kind, sets: sets, increments: increments)
  }

  /// Columns and values; key columns are refused, since the key says what they are.
  mutating func assignments(_ node: Node, what: String, of origin: Origin) -> [ColumnValue] {
    guard let entries = entries(node, what: what) else { return [] }
    return entries.compactMap { entry in
      let column = column(entry)
      guard let value = value(entry.value, of: origin), let column else { return nil }
      return ColumnValue(column: column, value: value)
    }.sorted { $0.column < $1.column }
  }

  private mutating func increments(_ node: Node, besides sets: [ColumnValue]) -> [ColumnValue] {
    guard let entries = entries(node, what: "a mapping of columns to what is added, like {payments: 1}")
    else {
      return []
    }
    if entries.isEmpty {
      report("Expected at least one column to increment, but there is none", at: node.mark)
    }
    var increments: [ColumnValue] = []
    for entry in entries {
      let column = column(entry)
      guard let value = value(entry.value, of: .event), let column else { continue }
      if sets.contains(where: { $0.column == column }) {
        report("Expected `\(entry.name)` set or incremented, but found both", at: entry.mark)
      }
      if let columns = table?.columns, column < columns.count, case let type = columns[column].type,
        !type.isNumber
      {
        report("Expected a column with numbers, but `\(entry.name)` is \(type)", at: entry.mark)
      }
      switch value {
      case .constant(.number), .field, .version, .header, .partition, .offset:
        increments.append(ColumnValue(column: column, value: value))
      case .constant, .key, .type, .time, .id, .payload:
        report("Expected a number to add, but found \(phrase(entry.value))", at: entry.value.mark)
      }
    }
    return increments.sorted { $0.column < $1.column }
  }

  private mutating func column(_ entry: ProjectionEntry) -> Int? {
    guard let columns else { return nil }
    guard let index = columns[entry.name] else {
      // Without a table there is one fault for the rule as a whole.
      guard !columns.isEmpty else { return nil }
      let cure = suggestion.text(for: entry.name, among: columns.keys.sorted())
      report(
        "Expected a column of the table, but found `\(RulesText.shown(entry.name))`\(cure)", at: entry.mark)
      return nil
    }
    if let table, table.keyColumns.contains(index) {
      report("Expected no value for `\(entry.name)`: the table's key says what it is", at: entry.mark)
      return nil
    }
    return index
  }

  /// A value; nil after a fault.
  mutating func value(_ node: Node, of origin: Origin) -> ValueExpression? {
    guard case .scalar(let scalar) = node else {
      report("Expected a value, but found \(phrase(node))", at: node.mark)
      return nil
    }
    do throws(ValueSyntax.Fault) {
      let value = try ValueSyntax.parse(scalar.string)
      if case .field = value, scalar.style != .plain, scalar.string.first != "/" {
        let text = RulesText.shown(scalar.string)
        report(
          "Expected a field without quotes, or a constant in two pairs of them, but found '\(text)'. Write \(text) for the "
            + "field, \"'\(text)'\" for the constant", at: node.mark)
        return nil
      }
      guard origin.has(value) else {
        report("Expected what a state has, but `\(scalar.string)` is of events alone", at: node.mark)
        return nil
      }
      return value
    } catch {
      report(error.message, at: node.mark)
      return nil
    }
  }

  private mutating func statements(_ node: Node) -> [SQLTemplate] {
    let nodes: [Node] = if case .sequence(let list) = node { Array(list) } else { [node] }
    if nodes.isEmpty { report("Expected at least one statement, but there is none", at: node.mark) }
    return nodes.compactMap { node in
      guard case .scalar(let scalar) = node, !scalar.string.allSatisfy(\.isWhitespace) else {
        report("Expected an SQL statement, but found \(phrase(node))", at: node.mark)
        return nil
      }
      if let own = ProjectionSchema.ownTables.first(where: { scalar.string.lowercased().contains($0) }) {
        report(
          "Expected a statement about other tables than `\(own)`, which is the projector's own", at: node.mark
        )
        return nil
      }
      do throws(SQLTemplate.Fault) {
        try SQLTemplate.checkBeginning(of: scalar.string)
        return try SQLTemplate(scalar.string) { words throws(ValueSyntax.Fault) in
          try ValueSyntax.parse(words)
        }
      } catch {
        let place = source.place(of: error.offset, in: scalar)
        report(error.message, line: place.line, column: place.column)
        return nil
      }
    }
  }
}

extension ColumnType {
  /// Whether something can be added to its values.
  fileprivate var isNumber: Bool {
    switch kind {
    case .integer, .numeric, .double, .other: true
    case .text, .boolean, .timestamp, .date, .json, .bytes, .uuid: false
    }
  }
}
