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
}
