import ReadableText
import RulesModel
import Yams

/// Turns YAML nodes into a projection, and collects every fault on the way.
struct ProjectionReader {
  var source: RulesSource
  let suggestion = Suggestion()
  private let path: String
  private var faults: [ProjectionFault] = []
  /// How many more there are.
  private var unlisted = 0
  /// What rules may name; nil when the table could not be read, so that no column can be said to be missing.
  private(set) var columns: [String: Int]? = [:]
  private(set) var table: ProjectionTable?
  /// Columns that are at fault themselves, so that rules may name them without a fault of their own.
  private var unreadColumns: [String] = []
  /// Where rules stand that change rows.
  var rowRules: [Mark?] = []

  init(path: String, text: String) {
    self.path = path
    source = RulesSource(text)
  }

  /// In the order of the file.
  var sortedFaults: [ProjectionFault] {
    var sorted = faults.enumerated().sorted {
      ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
    }.map(\.element)
    guard unlisted > 0, let last = sorted.last else { return sorted }
    sorted.append(
      ProjectionFault(
        path: path, line: last.line, column: last.column,
        message:
          "Expected at most \(ProjectionFile.faultsMax) faults, but found \(unlisted) more. Mend these first")
    )
    return sorted
  }

  mutating func report(_ message: String, at mark: Mark?) {
    report(message, line: mark?.line ?? 1, column: mark?.column ?? 1)
  }

  mutating func report(_ message: String, line: Int, column: Int) {
    guard faults.count < ProjectionFile.faultsMax else { return unlisted += 1 }
    faults.append(ProjectionFault(path: path, line: line, column: column, message: message))
  }

  /// The projection; nil, or of no use, when there are faults.
  mutating func read() -> ProjectionDefinition? {
    guard let root = compose() else { return nil }
    let top = keyed(
      root, known: ["projection", "generation", "from", "table", "state", "events", "on-error"],
      required: ["projection", "events"], what: "a projection")
    guard let top else { return nil }
    let name = top["projection"].flatMap { readName($0.value) }
    let generation = top["generation"].map { readGeneration($0.value) } ?? 1
    let source = top["from"].map { choice($0, ProjectionDefinition.Source.self) ?? .events } ?? .events
    let onError = top["on-error"].map { choice($0, ProjectionDefinition.ErrorPolicy.self) ?? .stop } ?? .stop
    if let table = top["table"] { readTable(table.value) }
    let rules = top["events"].map { readRules($0.value) } ?? [:]
    if top["table"] == nil {
      for mark in rowRules {
        report("Expected a `table` for what the event does to its row, but the file has none", at: mark)
      }
    }
    let state = readState(top["state"], source, at: top["from"]?.value.mark)
    guard let name, faults.isEmpty else { return nil }
    var plain = rules
    let otherwise = plain.removeValue(forKey: "*")
    return ProjectionDefinition(
      name: name, generation: generation, source: source, onError: onError, table: table, rules: plain,
      otherwise: otherwise, state: state)
  }

  private mutating func readName(_ node: Node) -> String? {
    let text = node.scalar?.string ?? ""
    guard text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_-]{0,62}/) != nil else {
      report(
        "Expected the projection's name, a letter or _ and at most 62 letters, digits, _ and - behind it, but found "
          + phrase(node), at: node.mark)
      return nil
    }
    return text
  }

  private mutating func readGeneration(_ node: Node) -> Int {
    if let text = node.scalar?.string, let number = Int(text), 1...1_000_000 ~= number { return number }
    report("Expected a generation, 1 to 1000000, but found \(phrase(node))", at: node.mark)
    return 1
  }

  private mutating func readState(
    _ entry: ProjectionEntry?, _ source: ProjectionDefinition.Source, at mark: Mark?
  ) -> [ColumnValue] {
    guard let entry else {
      if source == .state {
        report(
          "Expected the key `state` with what a state sets, like {status: status, version: $version}, but there is none",
          at: mark)
      }
      return []
    }
    if source != .state {
      report(
        "Expected `state` with `from: state` alone, but found it with `from: \(source.rawValue)`",
        at: entry.mark)
    }
    rowRules.append(entry.mark)
    return assignments(entry.value, what: "a mapping of columns to values of the state", of: .state)
  }
}

extension ProjectionReader {
  /// Reads `table`.
  fileprivate mutating func readTable(_ node: Node) {
    columns = nil
    guard
      let entries = keyed(
        node, known: ["name", "key", "columns"], required: ["name", "key"], what: "a table")
    else { return }
    let name = entries["name"].flatMap { readTableName($0.value) }
    let types = entries["columns"].map { readColumns($0.value) } ?? []
    // A column that is at fault itself has a name all the same.
    if let types, case .mapping(let mapping)? = entries["key"]?.value {
      var known: [String: Int] = [:]
      for name in mapping.compactMap({ $0.key.scalar?.string }) + types.map(\.name) + unreadColumns
      where known[name] == nil { known[name] = known.count }
      columns = known
    }
    guard let types, let key = entries["key"].flatMap({ readKey($0.value) }) else { return }
    var columns: [ProjectionTable.Column] = []
    for part in key {
      let type = types.first { $0.name == part.name }?.type ?? .text
      if !type.isKey {
        report(
          "Expected a key column of text, varchar, a whole number, boolean, date, bytea or uuid, whose equal values are written "
            + "alike, but `\(part.name)` is \(type)", at: entries["key"]?.value.mark)
      }
      columns.append(ProjectionTable.Column(name: part.name, type: type))
    }
    columns += types.filter { type in !key.contains { $0.name == type.name } }
    if columns.count > ProjectionFile.columnsMax {
      report(
        "Expected at most \(ProjectionFile.columnsMax) columns, but found \(columns.count)", at: node.mark)
    }
    var indices: [String: Int] = [:]
    for (index, column) in columns.enumerated() { indices[column.name] = index }
    for name in unreadColumns where indices[name] == nil { indices[name] = indices.count }
    self.columns = indices
    guard let name else { return }
    table = ProjectionTable(
      schema: name.schema, name: name.table, columns: columns, key: key.map(\.value))
  }

  private mutating func readTableName(_ node: Node) -> (schema: String?, table: String)? {
    let parts = (node.scalar?.string ?? "").split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ Self.isIdentifier($0) }) else {
      report(
        "Expected a table's name like orders or shop.orders, of letters, digits and _, but found \(phrase(node))",
        at: node.mark)
      return nil
    }
    let table = String(parts.last ?? "")
    if table.lowercased().hasPrefix("sequitur_") {
      report(
        "Expected another table than `\(table)`: names with sequitur_ are those of positions", at: node.mark)
      return nil
    }
    return (parts.count == 2 ? String(parts[0]) : nil, table)
  }

  private mutating func readColumns(_ node: Node) -> [ProjectionTable.Column]? {
    guard let entries = entries(node, what: "a mapping of columns to types") else { return nil }
    var columns: [ProjectionTable.Column] = []
    for entry in entries {
      guard isColumn(entry, among: columns.map(\.name)) else {
        unreadColumns.append(entry.name)
        continue
      }
      guard let scalar = entry.value.scalar, let type = ColumnType(scalar.string) else {
        report(
          "Expected a type like text, bigint or timestamptz, but found \(phrase(entry.value))",
          at: entry.value.mark)
        unreadColumns.append(entry.name)
        continue
      }
      columns.append(ProjectionTable.Column(name: entry.name, type: type))
    }
    return columns
  }

  private mutating func readKey(_ node: Node) -> [(name: String, value: ValueExpression)]? {
    guard let entries = entries(node, what: "a mapping of key columns to values, like {id: $key}") else {
      return nil
    }
    if entries.isEmpty { report("Expected at least one key column, but there is none", at: node.mark) }
    var key: [(name: String, value: ValueExpression)] = []
    for entry in entries {
      guard isColumn(entry, among: key.map(\.name)), let value = value(entry.value, of: .event) else {
        continue
      }
      if value == .constant(.null) {
        report("Expected a value for each key column, but found null", at: entry.value.mark)
      }
      key.append((entry.name, value))
    }
    return key.count == entries.count && !key.isEmpty ? key : nil
  }

  private mutating func isColumn(_ entry: ProjectionEntry, among others: [String]) -> Bool {
    guard Self.isIdentifier(entry.name[...]) else {
      report(
        "Expected a column's name, of letters, digits and _, but found `\(RulesText.shown(entry.name))`",
        at: entry.mark)
      return false
    }
    // SQLite takes them for one.
    if let other = others.first(where: { $0.lowercased() == entry.name.lowercased() }) {
      report("Expected another name than `\(entry.name)`, since there is `\(other)`", at: entry.mark)
      return false
    }
    return true
  }

  private static func isIdentifier(_ text: Substring) -> Bool {
    text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]{0,62}/) != nil
  }
}
