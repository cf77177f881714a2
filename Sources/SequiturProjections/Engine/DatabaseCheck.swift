/// Whether a database has what a projection writes to.
enum DatabaseCheck {
  /// What is missing or does not fit, as sentences: every statement is prepared, and none is run.
  ///
  /// - Throws: a failure that says nothing of the tables, such as a connection that is lost.
  static func faults(
    of definition: ProjectionDefinition, in database: any ProjectionDatabase
  ) throws(DatabaseFailure) -> [String] {
    var faults: [String] = []
    func check(_ what: String, _ body: () throws(DatabaseFailure) -> Void) throws(DatabaseFailure) {
      do throws(DatabaseFailure) {
        try body()
      } catch {
        guard error.kind == .setup || error.kind == .data else { throw error }
        faults.append("\(what): \(error)")
      }
    }
    for table in ProjectionSchema.ownTables {
      try check("the table \(table)") { () throws(DatabaseFailure) in
        try database.check("select projection from \(table)")
      }
    }
    if let table = definition.table, table.schema != nil, database.dialect == .sqlite {
      faults.append("the table \(table.shownName): SQLite has no schemas. Leave `\(table.schema ?? "")` out")
      return faults
    }
    // A statement that cannot be prepared names the first column that it misses: here are all of them.
    if let table = definition.table, case let found = try columns(of: table, in: database), !found.isEmpty {
      for column in table.columns where !found.contains(column.name) {
        faults.append(
          "the table \(table.shownName): there is no column \(column.name) (\(column.type)) in it")
      }
    }
    var rules = definition.rules.sorted { $0.key < $1.key }.map { ("the event \($0.key)", $0.value) }
    if let otherwise = definition.otherwise { rules.append(("the event *", otherwise)) }
    if !definition.state.isEmpty {
      rules.append(
        (
          "the state",
          EventRule(row: RowRule(kind: .upsert, sets: definition.state, increments: []), statements: [])
        ))
    }
    for (what, rule) in rules {
      if let row = rule.row, let table = definition.table {
        let shape = RowChange.Shape(
          kind: row.kind, sets: row.sets.map(\.column), increments: row.increments.map(\.column))
        try check(what) { () throws(DatabaseFailure) in try database.check(shape, of: table) }
      }
      for statement in rule.statements {
        try check(what) { () throws(DatabaseFailure) in try database.check(statement.statement) }
      }
    }
    return faults
  }

  /// The columns that a table has; none where there is no such table.
  private static func columns(
    of table: ProjectionTable, in database: any ProjectionDatabase
  ) throws(DatabaseFailure) -> Set<String> {
    let rows =
      switch database.dialect {
      case .postgreSQL:
        try database.query(
          "select attname from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped",
          [.text(database.dialect.quoted(table))])
      case .sqlite: try database.query("select name from pragma_table_info($1)", [.text(table.name)])
      }
    return Set(rows.compactMap { $0.text(0) })
  }
}
