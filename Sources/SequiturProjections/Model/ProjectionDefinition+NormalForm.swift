extension ProjectionDefinition {
  /// What the projection makes of events, as text: the same for two files that differ in layout, order or error policy alone.
  ///
  /// It is kept with the positions, so that nobody goes on with another file where this one stopped.
  var normalForm: String {
    var lines = ["from \(source.rawValue)"]
    if let table {
      lines.append("table \(table.shownName)")
      for (index, column) in table.columns.enumerated() {
        let key = table.keyColumns.contains(index) ? " = \(table.key[index])" : ""
        lines.append("column \(column.name) \(column.type)\(key)")
      }
    }
    if !state.isEmpty { lines.append("state \(describe(state))") }
    for (type, rule) in rules.sorted(by: { $0.key < $1.key }) { lines += describe(rule, of: type) }
    if let otherwise { lines += describe(otherwise, of: "*") }
    return lines.joined(separator: "\n")
  }

  private func describe(_ rule: EventRule, of type: String) -> [String] {
    var words = ["event \(type)"]
    if let row = rule.row {
      words.append("\(row.kind.rawValue) \(describe(row.sets))")
      if !row.increments.isEmpty { words.append("increment \(describe(row.increments))") }
    }
    return [words.joined(separator: " ")] + rule.statements.map { "  sql \($0.text)" }
  }

  private func describe(_ values: [ColumnValue]) -> String {
    let pairs = values.map { "\(table?.columns[$0.column].name ?? ""): \($0.value)" }
    return "{\(pairs.joined(separator: ", "))}"
  }
}

extension ProjectionTable {
  /// With its schema.
  public var shownName: String { (schema.map { "\($0)." } ?? "") + name }
}

extension ValueExpression: CustomStringConvertible {
  /// As a file may have it.
  public var description: String {
    switch self {
    case .key: "$key"
    case .version: "$version"
    case .type: "$type"
    case .time: "$time"
    case .id: "$id"
    case .partition: "$partition"
    case .offset: "$offset"
    case .payload: "$payload"
    case .header(let name): "$header.\(name)"
    case .field(let path):
      path.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
    case .constant(.null): "null"
    case .constant(.boolean(let value)): "\(value)"
    case .constant(.number(let text)): text
    case .constant(.text(let text)): "'\(text.replacing("'", with: "''"))'"
    }
  }
}
