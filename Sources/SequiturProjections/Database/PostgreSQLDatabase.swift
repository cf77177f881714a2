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
  /// By table, whether it can be copied into.
  private var copied: [String: Bool] = [:]

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
    copied = [:]
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

  func apply(
    _ steps: [BatchFolder.Step], of rows: borrowing RowBuffer, to table: ProjectionTable?
  ) throws(DatabaseFailure) -> Int {
    guard let connection else { throw Self.notConnected }
    var unmatched = 0
    var statements: [PipelinedStatement] = []
    /// Of each statement, how many rows it should meet; nil where that is not told.
    var expected: [Int?] = []
    for step in steps {
      switch step {
      case .rows(let group):
        guard let table else { continue }
        if group.shape.kind == .insert, group.rows.count >= ProjectionLimits.copiedRowsAtLeast,
          try canCopy(table, connection)
        {
          // A COPY cannot stand in a pipeline.
          unmatched += try run(&statements, &expected, connection)
          try copy(group, rows, to: table, connection)
          continue
        }
        let arrays = PostgreSQLStatements.arrays(group, rows, table)
        try failing { () throws(PostgreSQLError) in
          statements.append(
            PipelinedStatement(
              try statement(PostgreSQLStatements.statement(group.shape, table), connection), arrays))
        }
        expected.append(group.shape.expectsRow ? group.rows.count : nil)
      case .statement(let step):
        try failing { () throws(PostgreSQLError) in
          statements.append(
            PipelinedStatement(
              try statement(step.template.statement, connection), Self.parameters(step.parameters)))
        }
        expected.append(nil)
      }
    }
    return try unmatched + run(&statements, &expected, connection)
  }

  /// Runs what was gathered; how many rows it did not meet.
  private func run(
    _ statements: inout [PipelinedStatement], _ expected: inout [Int?], _ connection: PostgreSQLConnection
  ) throws(DatabaseFailure) -> Int {
    defer { (statements, expected) = ([], []) }
    let pipeline = statements
    let results = try failing { () throws(PostgreSQLError) in try connection.pipeline(pipeline) }
    return zip(results, expected).reduce(0) { sum, pair in
      sum + (pair.1.map { $0 - (pair.0.affectedRows ?? $0) } ?? 0)
    }
  }

  // MARK: COPY

  /// Copies rows that are all new: they are no more of a transaction than others, and cost the server less.
  private func copy(
    _ group: BatchFolder.RowGroup, _ rows: borrowing RowBuffer, to table: ProjectionTable,
    _ connection: PostgreSQLConnection
  ) throws(DatabaseFailure) {
    let text = PostgreSQLStatements.copy(group, rows)
    let statement = PostgreSQLStatements.copyStatement(group.shape, table)
    try failing { () throws(PostgreSQLError) in
      do {
        try connection.copyIn(statement) { try $0.write(text) }
      } catch let error as PostgreSQLError {
        throw error
      } catch {
        preconditionFailure("a COPY threw \(error)")
      }
    }
  }

  /// Whether the table can be copied into: COPY does not go through row security, rules, and most views.
  private func canCopy(
    _ table: ProjectionTable, _ connection: PostgreSQLConnection
  ) throws(DatabaseFailure) -> Bool {
    let name = dialect.quoted(table)
    if let known = copied[name] { return known }
    let found = try query(
      """
      select c.relkind in ('r', 'p') and not c.relrowsecurity and not c.relhasrules
      from pg_class c where c.oid = to_regclass($1)
      """, [.text(name)]
    ).first?.text(0)
    copied[name] = found == "t"
    return found == "t"
  }

  func check(_ statement: String) throws(DatabaseFailure) {
    try on { connection throws(PostgreSQLError) in _ = try connection.describe(statement) }
  }

  func check(_ shape: RowChange.Shape, of table: ProjectionTable) throws(DatabaseFailure) {
    try check(PostgreSQLStatements.statement(shape, table))
  }

  func judgeConstraints() throws(DatabaseFailure) { try execute("set constraints all immediate") }

  // MARK: The key

  func detachKey(of table: ProjectionTable) throws(DatabaseFailure) -> DetachedKey? {
    let name = dialect.quoted(table)
    // Only an owner may, and only where no other table refers to it.
    let found = try query(
      """
      select k.conname, pg_get_constraintdef(k.oid) from pg_constraint k join pg_class c on c.oid = k.conrelid
      where c.oid = to_regclass($1) and c.relkind = 'r' and k.contype = 'p'
        and pg_has_role(current_user, c.relowner, 'USAGE')
        and not exists (select from pg_constraint r where r.confrelid = c.oid)
      """, [.text(name)]
    ).first
    guard let key = found?.text(0), let definition = found?.text(1) else { return nil }
    try execute("alter table \(name) drop constraint \(dialect.quoted(key))")
    return DetachedKey(name: key, definition: definition)
  }

  func attach(_ key: DetachedKey, to table: ProjectionTable) throws(DatabaseFailure) {
    let statement =
      "alter table \(dialect.quoted(table)) add constraint \(dialect.quoted(key.name)) \(key.definition)"
    try on { connection throws(PostgreSQLError) in
      let usual = connection.responseTimeout
      connection.responseTimeout = ProjectionLimits.keyMaking
      defer { connection.responseTimeout = usual }
      try connection.execute(statement)
    }
  }

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
    guard let connection else { throw Self.notConnected }
    return try failing { () throws(PostgreSQLError) in try body(connection) }
  }

  private static var notConnected: DatabaseFailure {
    DatabaseFailure(.connection, code: nil, "Expected a connection to the database, but there is none")
  }

  private func failing<Result>(
    _ body: () throws(PostgreSQLError) -> Result
  ) throws(DatabaseFailure) -> Result {
    do throws(PostgreSQLError) {
      return try body()
    } catch {
      let kind = Self.kind(error)
      // The table may be another one than it was.
      copied = [:]
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
