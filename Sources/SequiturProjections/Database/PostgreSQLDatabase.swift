import PostgreSQL

/// A connection to PostgreSQL.
///
/// A batch's statements go as one pipeline: one statement for each shape of change, its rows as arrays.
final class PostgreSQLDatabase: ProjectionDatabase {
  let dialect = DatabaseDialect.postgreSQL
  let address: String
  private let conninfo: String
  private var connection: PostgreSQLConnection?
  private var prepared: [String: PreparedStatement] = [:]

  /// - Parameter conninfo: what libpq reads; it may hold a password.
  init(_ conninfo: String) {
    self.conninfo = conninfo
    address = "PostgreSQL"
  }

  func connect() throws(DatabaseFailure) {
    if let connection, connection.isUsable { return }
    close()
    try failing { () throws(PostgreSQLError) in
      let made = try PostgreSQLConnection(conninfo, applicationName: "sequitur project")
      made.responseTimeout = ProjectionLimits.response
      // A session that is stopped within a transaction holds a row's lock: the server ends it.
      try made.execute(
        """
        set lock_timeout = \(ProjectionLimits.lockWait.milliseconds); \
        set idle_in_transaction_session_timeout = \(ProjectionLimits.idleTransaction.milliseconds); \
        set client_min_messages = warning
        """)
      connection = made
    }
  }

  func close() {
    connection?.close()
    connection = nil
    prepared = [:]
  }

  func begin() throws(DatabaseFailure) { try execute("begin") }

  func commit() throws(DatabaseFailure) {
    try on { connection throws(PostgreSQLError) in try connection.commit() }
  }

  func rollBack() {
    guard let connection, connection.isUsable else { return close() }
    guard connection.transactionStatus != .idle else { return }
    if (try? connection.execute("rollback")) == nil { close() }
  }

  func query(_ statement: String, _ parameters: [Cell]) throws(DatabaseFailure) -> [ResultRow] {
    try on { connection throws(PostgreSQLError) in
      let result = try connection.query(self.statement(statement, connection), Self.parameters(parameters))
      return result.rows.map { row in ResultRow(cells: row.texts.map { $0.map(Cell.text) ?? .null }) }
    }
  }

  func execute(_ statement: String, _ parameters: [Cell]) throws(DatabaseFailure) -> Int {
    try on { connection throws(PostgreSQLError) in
      guard !parameters.isEmpty else { return try connection.execute(statement).last?.affectedRows ?? 0 }
      return try connection.query(self.statement(statement, connection), Self.parameters(parameters))
        .affectedRows ?? 0
    }
  }

  func apply(_ steps: [FoldedBatch.Step], to table: ProjectionTable?) throws(DatabaseFailure) -> Int {
    try on { connection throws(PostgreSQLError) in
      var statements: [PipelinedStatement] = []
      /// Of each statement, how many rows it should meet; nil where that is not told.
      var expected: [Int?] = []
      for step in steps {
        switch step {
        case .rows(let group):
          guard let table else { continue }
          let sql = PostgreSQLRows.statement(group.shape, table)
          statements.append(
            PipelinedStatement(try self.statement(sql, connection), PostgreSQLRows.arrays(group)))
          expected.append(group.shape.expectsRow ? group.rows.count : nil)
        case .statement(let statement):
          statements.append(
            PipelinedStatement(
              try self.statement(statement.template.statement, connection),
              Self.parameters(statement.parameters)))
          expected.append(nil)
        }
      }
      let results = try connection.pipeline(statements)
      return zip(results, expected).reduce(0) { sum, pair in
        sum + (pair.1.map { $0 - (pair.0.affectedRows ?? $0) } ?? 0)
      }
    }
  }

  func check(_ statement: String) throws(DatabaseFailure) {
    try on { connection throws(PostgreSQLError) in _ = try connection.describe(statement) }
  }

  func check(_ shape: RowChange.Shape, of table: ProjectionTable) throws(DatabaseFailure) {
    try check(PostgreSQLRows.statement(shape, table))
  }

  func judgeConstraints() throws(DatabaseFailure) { try execute("set constraints all immediate") }

  // MARK: Statements

  /// Prepared once for each connection.
  private func statement(
    _ sql: String, _ connection: PostgreSQLConnection
  ) throws(PostgreSQLError) -> PreparedStatement {
    if let known = prepared[sql] { return known }
    if prepared.count >= ProjectionLimits.preparedStatements {
      for statement in prepared.values { try connection.deallocate(statement) }
      prepared = [:]
    }
    let made = try connection.prepare(sql)
    prepared[sql] = made
    return made
  }

  private static func parameters(_ cells: [Cell]) -> [PostgreSQLParameter] {
    cells.map { cell in
      switch cell {
      case .null: .null
      case .boolean(let value): .boolean(value)
      case .integer(let number): .integer(number)
      case .number(let text), .text(let text): .text(text)
      case .bytes(let bytes): .bytes(bytes)
      }
    }
  }

  // MARK: Failures

  private func on<Result>(
    _ body: (PostgreSQLConnection) throws(PostgreSQLError) -> Result
  ) throws(DatabaseFailure) -> Result {
    guard let connection else {
      throw DatabaseFailure(
        .connection, code: nil, "Expected a connection to the database, but there is none")
    }
    return try failing { () throws(PostgreSQLError) in try body(connection) }
  }

  private func failing<Result>(
    _ body: () throws(PostgreSQLError) -> Result
  ) throws(DatabaseFailure) -> Result {
    do throws(PostgreSQLError) {
      return try body()
    } catch {
      let kind = Self.kind(error)
      if kind == .connection { close() }
      throw DatabaseFailure(kind, code: error.sqlState?.description, error.description)
    }
  }

  private static func kind(_ error: PostgreSQLError) -> DatabaseFailure.Kind {
    // A user, a password or a database that is not there is no outage.
    if let state = error.sqlState, ["28", "3D"].contains(state.classCode) { return .setup }
    return switch error.kind {
    case .cannotConnect, .connectionLost, .timedOut: .connection
    case .retryable, .lockNotAvailable: .conflict
    case .data, .constraint, .nulInText: .data
    case .missingRight, .statement, .invalidArgument: .setup
    default:
      // A trigger or a view that refuses the row, or more rows than one where one is wanted: raise_exception, with check
      // option, cardinality_violation.
      ["P0001", "44000", "21000"].contains(error.sqlState?.description) ? .data : .trouble
    }
  }
}

/// The statements that change rows of one shape, their rows as arrays of text.
private enum PostgreSQLRows {
  /// The columns of a row: keys, what is set, what is added.
  private static func columns(_ shape: RowChange.Shape, _ table: ProjectionTable) -> [Int] {
    Array(table.keyColumns) + shape.sets + shape.increments
  }

  static func arrays(_ group: FoldedBatch.RowGroup) -> [PostgreSQLParameter] {
    let width = group.rows.first.map { $0.key.count + $0.sets.count + $0.increments.count } ?? 0
    var arrays = [[String?]](repeating: [], count: width)
    for index in arrays.indices { arrays[index].reserveCapacity(group.rows.count) }
    for row in group.rows {
      var index = 0
      for cell in row.key { arrays[index].append(cell.literal); index += 1 }
      for cell in row.sets { arrays[index].append(cell.literal); index += 1 }
      for cell in row.increments { arrays[index].append(cell.literal); index += 1 }
    }
    return arrays.map { .textArray($0) }
  }

  static func statement(_ shape: RowChange.Shape, _ table: ProjectionTable) -> String {
    let dialect = DatabaseDialect.postgreSQL
    let columns = columns(shape, table)
    func name(_ column: Int) -> String { dialect.quoted(table.columns[column].name) }
    /// A column's value in the rows that are given, as its type.
    func value(_ column: Int) -> String {
      "r.c\(columns.firstIndex(of: column) ?? 0)::\(table.columns[column].type.unbounded)"
    }
    let arrays = columns.indices.map { "$\($0 + 1)::text[]" }.joined(separator: ", ")
    let names = columns.indices.map { "c\($0)" }.joined(separator: ", ")
    let rows = "unnest(\(arrays)) as r (\(names))"
    let target = dialect.quoted(table)
    let isKey = table.keyColumns.map { "t.\(name($0)) = \(value($0))" }.joined(separator: " and ")
    switch shape.kind {
    case .insert, .upsert:
      let insert =
        "insert into \(target) as t (\(columns.map(name).joined(separator: ", "))) "
        + "select \(columns.map(value).joined(separator: ", ")) from \(rows)"
      guard shape.kind == .upsert else { return insert }
      let sets =
        shape.sets.map { "\(name($0)) = excluded.\(name($0))" }
        + shape.increments.map { "\(name($0)) = coalesce(t.\(name($0)), 0) + excluded.\(name($0))" }
      let action = sets.isEmpty ? "nothing" : "update set \(sets.joined(separator: ", "))"
      return "\(insert) on conflict (\(table.keyColumns.map(name).joined(separator: ", "))) do \(action)"
    case .update:
      let sets =
        shape.sets.map { "\(name($0)) = \(value($0))" }
        + shape.increments.map { "\(name($0)) = coalesce(t.\(name($0)), 0) + \(value($0))" }
      return "update \(target) as t set \(sets.joined(separator: ", ")) from \(rows) where \(isKey)"
    case .delete:
      return "delete from \(target) as t using \(rows) where \(isKey)"
    }
  }
}
