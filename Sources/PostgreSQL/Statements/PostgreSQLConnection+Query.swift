import CPostgreSQL

extension PostgreSQLConnection {
  private static var operation: String { "run a statement" }

  /// Runs one or more statements, separated by semicolons, and returns what each returned. C: `PQsendQuery`.
  ///
  /// By the simple protocol, so without parameters: for DDL, `begin`, `set`, and replication commands. Outside of a
  /// transaction, all statements of one call are one. Values of others belong into the parameters of
  /// ``query(_:_:format:)``, never into the text.
  /// - Throws: the first error; the statements behind it were not run. `nulInText`; `invalidArgument` for a COPY.
  @discardableResult
  public func execute(_ sql: String) throws(PostgreSQLError) -> [QueryResult] {
    let handle = try handle(Self.operation)
    try Self.checkText(sql)
    guard PQsendQuery(handle.raw, sql) == 1 else { throw handle.failure(Self.operation) }
    return try handle.results(Self.operation)
  }

  /// Runs one statement with parameters. C: `PQsendQueryParams`.
  ///
  /// Outside of a transaction it is one by itself.
  /// - Parameters:
  ///   - sql: one statement; `$1`, `$2` … stand for the parameters.
  ///   - parameters: as many as the statement has.
  ///   - format: whether values come in text or in binary form.
  /// - Throws: the server's error; `nulInText`; `invalidArgument` for a COPY.
  @discardableResult
  public func query(
    _ sql: String, _ parameters: [PostgreSQLParameter] = [], format: ResultFormat = .text
  ) throws(PostgreSQLError) -> QueryResult {
    let handle = try handle(Self.operation)
    try handle.send(.sql(sql), parameters, format, Self.operation)
    return try handle.onlyResult(Self.operation)
  }

  /// Runs a prepared statement. C: `PQsendQueryPrepared`.
  ///
  /// - Throws: as ``query(_:_:format:)``.
  @discardableResult
  public func query(
    _ statement: PreparedStatement, _ parameters: [PostgreSQLParameter] = [], format: ResultFormat = .text
  ) throws(PostgreSQLError) -> QueryResult {
    let handle = try handle(Self.operation)
    try handle.send(.prepared(statement), parameters, format, Self.operation)
    return try handle.onlyResult(Self.operation)
  }

  static func checkText(_ sql: String) throws(PostgreSQLError) {
    guard !sql.utf8.contains(0) else {
      throw PostgreSQLError(
        kind: .nulInText, operation: operation, message: "its text holds the character NUL")
    }
  }
}

/// How the server sends values.
public enum ResultFormat: Int32, Sendable {
  /// Every value as text.
  case text = 0
  /// Every value in its type's own binary form: `bytea` and text as they are, numbers with the high byte first.
  case binary = 1
}

/// What is sent to be run.
enum StatementSource {
  case sql(String)
  case prepared(PreparedStatement)
}

extension ConnectionHandle {
  /// Queues a statement.
  func send(
    _ source: StatementSource, _ parameters: [PostgreSQLParameter], _ format: ResultFormat,
    _ operation: String
  ) throws(PostgreSQLError) {
    let buffer = try ParameterBuffer(parameters, operation)
    let code: Int32
    switch source {
    case .sql(let sql):
      try PostgreSQLConnection.checkText(sql)
      code = buffer.withArguments {
        PQsendQueryParams(raw, sql, $0.count, $0.types, $0.values, $0.lengths, $0.forms, format.rawValue)
      }
    case .prepared(let statement):
      precondition(
        statement.owner === self, "a prepared statement belongs to the connection that prepared it")
      code = buffer.withArguments {
        PQsendQueryPrepared(raw, statement.name, $0.count, $0.values, $0.lengths, $0.forms, format.rawValue)
      }
    }
    guard code == 1 else { throw failure(operation) }
  }

  /// The result of a command that has exactly one.
  func onlyResult(_ operation: String) throws(PostgreSQLError) -> QueryResult {
    guard let last = try results(operation).last else {
      throw located(
        PostgreSQLError(kind: .other, operation: operation, message: "the server answered nothing"))
    }
    return last
  }

  /// Every result of the command that is running.
  /// - Throws: the first error, once everything is read.
  func results(_ operation: String) throws(PostgreSQLError) -> [QueryResult] {
    let deadline = deadline
    var results: [QueryResult] = []
    var error: PostgreSQLError?
    while let raw = try nextResult(operation, by: deadline) {
      let result = QueryResult(owning: raw)
      switch PQresultStatus(raw) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_SINGLE_TUPLE: results.append(result)
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        error = error ?? unexpectedCopy(operation)
        try leaveCopy(PQresultStatus(raw), operation, by: deadline)
      default: error = error ?? failure(raw, operation)
      }
    }
    if let error { throw error }
    return results
  }

  private func unexpectedCopy(_ operation: String) -> PostgreSQLError {
    located(
      PostgreSQLError(
        kind: .invalidArgument, operation: operation,
        message: "it is a COPY, which copyIn, copyOut or startCopyBoth runs"))
  }
}
