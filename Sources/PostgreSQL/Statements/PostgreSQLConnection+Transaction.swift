/// How far a transaction is kept apart from others.
public enum IsolationLevel: String, Sendable {
  /// Each statement sees what was committed before it.
  case readCommitted = "read committed"
  /// Every statement sees what was committed before the first.
  case repeatableRead = "repeatable read"
  /// As if all transactions had run one after the other; conflicts are `retryable` errors.
  case serializable = "serializable"
}

extension PostgreSQLConnection {
  /// Runs `body` in a transaction: commits when it returns, rolls back when it throws.
  ///
  /// - Throws: what `body` throws; what `begin` or `commit` throws. A `commit` whose answer never came has
  ///   ``PostgreSQLError/isOutcomeUnknown``. A transaction of which a statement failed without `body` throwing is
  ///   `rolledBack`: the server answers `commit` with a rollback then, and with no error.
  public func withTransaction<Result>(
    _ isolation: IsolationLevel = .readCommitted, isReadOnly: Bool = false, _ body: () throws -> Result
  ) throws -> Result {
    try execute("begin isolation level \(isolation.rawValue)\(isReadOnly ? " read only" : "")")
    let result: Result
    do {
      result = try body()
    } catch {
      if isUsable, transactionStatus != .idle { _ = try? execute("rollback") }
      throw error
    }
    try commit()
    return result
  }

  /// Commits the open transaction.
  ///
  /// - Throws: as ``withTransaction(_:isReadOnly:_:)`` says.
  public func commit() throws(PostgreSQLError) {
    let operation = "commit a transaction"
    // Before it is sent, nothing can have been committed.
    _ = try handle(operation)
    let tag: String?
    do throws(PostgreSQLError) {
      tag = try execute("commit").last?.commandTag
    } catch {
      var error = error.whileTrying(to: operation)
      error.isOutcomeUnknown = error.isConnectionLost || error.kind == .timedOut
      throw error
    }
    guard tag == "COMMIT" else {
      throw PostgreSQLError(
        kind: .rolledBack, operation: operation,
        message: "a statement of it had failed, so the server rolled it back")
    }
  }
}
