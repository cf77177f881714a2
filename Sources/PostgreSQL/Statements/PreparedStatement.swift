import CPostgreSQL

/// A statement that the server has parsed and planned for one connection.
public struct PreparedStatement {
  let name: String
  let owner: ConnectionHandle
  /// What it takes and returns.
  public let description: StatementDescription
}

/// What a statement takes and returns, as the server understands it.
public struct StatementDescription: Sendable, Hashable {
  /// One column of what it returns.
  public struct Column: Sendable, Hashable {
    /// The column's name.
    public var name: String
    /// Its type, as `pg_type` numbers it.
    public var type: UInt32
  }

  /// The types of `$1`, `$2` …, as `pg_type` numbers them.
  public var parameterTypes: [UInt32]
  /// The columns that it returns; none for statements without rows.
  public var columns: [Column]
}

extension PostgreSQLConnection {
  /// Prepares one statement under a name that this connection makes. C: `PQsendPrepare`, `PQsendDescribePrepared`.
  ///
  /// It lasts as long as the connection, or until ``deallocate(_:)``.
  /// - Throws: the server's error, such as kind `statement` with its position; `nulInText`.
  public func prepare(_ sql: String) throws(PostgreSQLError) -> PreparedStatement {
    let operation = "prepare a statement"
    let handle = try handle(operation)
    statementsMade += 1
    let name = "statement_\(statementsMade)"
    let description = try describe(sql, as: name, handle, operation)
    return PreparedStatement(name: name, owner: handle, description: description)
  }

  /// Has the server check one statement without running it: its syntax, its tables, columns, functions and types.
  ///
  /// Rights are checked only when it runs.
  /// - Throws: as ``prepare(_:)``.
  public func describe(_ sql: String) throws(PostgreSQLError) -> StatementDescription {
    let operation = "check a statement"
    return try describe(sql, as: "", try handle(operation), operation)
  }

  /// Forgets a prepared statement.
  public func deallocate(_ statement: PreparedStatement) throws(PostgreSQLError) {
    try execute("deallocate \(statement.name)")
  }

  private func describe(
    _ sql: String, as name: String, _ handle: ConnectionHandle, _ operation: String
  ) throws(PostgreSQLError) -> StatementDescription {
    try Self.checkText(sql)
    guard PQsendPrepare(handle.raw, name, sql, 0, nil) == 1 else { throw handle.failure(operation) }
    _ = try handle.results(operation)
    guard PQsendDescribePrepared(handle.raw, name) == 1 else { throw handle.failure(operation) }
    let result = try handle.onlyResult(operation)
    return StatementDescription(
      parameterTypes: result.parameterTypes,
      columns: zip(result.columnNames, result.columnTypes).map { .init(name: $0, type: $1) })
  }
}
