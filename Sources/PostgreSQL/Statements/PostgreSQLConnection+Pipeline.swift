import CPostgreSQL

/// One statement of a pipeline.
public struct PipelinedStatement {
  let source: StatementSource
  let parameters: [PostgreSQLParameter]
  let format: ResultFormat

  /// One statement, with its parameters.
  public init(_ sql: String, _ parameters: [PostgreSQLParameter] = [], format: ResultFormat = .text) {
    source = .sql(sql)
    self.parameters = parameters
    self.format = format
  }

  /// A prepared statement of the same connection, with its parameters.
  public init(
    _ statement: PreparedStatement, _ parameters: [PostgreSQLParameter] = [], format: ResultFormat = .text
  ) {
    source = .prepared(statement)
    self.parameters = parameters
    self.format = format
  }
}

extension PostgreSQLConnection {
  private static var operation: String { "run a pipeline of statements" }

  /// Runs statements in one round trip: all are sent before the first answer is waited for. C: `PQenterPipelineMode`.
  ///
  /// Outside of a transaction the whole pipeline is one: all statements take effect or none (unless it holds `begin` or
  /// `commit` itself). Within one, the first failure makes the transaction fail. COPY is not possible.
  /// - Returns: what each statement returned, in their order.
  /// - Throws: the first statement's error, with its ``PostgreSQLError/statementIndex``; those behind it were not run.
  @discardableResult
  public func pipeline(_ statements: [PipelinedStatement]) throws(PostgreSQLError) -> [QueryResult] {
    guard !statements.isEmpty else { return [] }
    let handle = try handle(Self.operation)
    guard PQenterPipelineMode(handle.raw) == 1 else { throw handle.failure(Self.operation) }
    let deadline = handle.deadline
    let sent = try queue(statements, handle, by: deadline)
    guard PQpipelineSync(handle.raw) == 1 else { throw handle.failure(Self.operation) }
    let answers = try handle.answers(to: sent.count, Self.operation, by: deadline)
    guard PQexitPipelineMode(handle.raw) == 1 else {
      let error = handle.failure(Self.operation)
      handle.abandon(because: "a pipeline could not be ended")
      throw error
    }
    // What the server said of an earlier statement comes first; what it said of the rest follows from our own refusal.
    if let error = [answers.error, sent.error].compactMap({ $0 }).min(by: Self.isEarlier) { throw error }
    return answers.results
  }

  /// Sends as many statements as can be sent: one that this module refuses ends the pipeline there.
  private func queue(
    _ statements: [PipelinedStatement], _ handle: ConnectionHandle, by deadline: ContinuousClock.Instant?
  ) throws(PostgreSQLError) -> (count: Int, error: PostgreSQLError?) {
    for (index, statement) in statements.enumerated() {
      do throws(PostgreSQLError) {
        try handle.send(statement.source, statement.parameters, statement.format, Self.operation)
      } catch {
        guard handle.isUsable else { throw error }
        var error = error
        error.statementIndex = index
        // What was sent already must not take effect by itself: a statement that fails makes the rest void.
        try handle.send(.sql(Self.failing), [], .text, Self.operation)
        return (index + 1, error)
      }
      try handle.flush(Self.operation, by: deadline)
    }
    return (statements.count, nil)
  }

  /// Whether an error is of an earlier statement; of the same one, ours is the cause.
  private static func isEarlier(_ one: PostgreSQLError, _ other: PostgreSQLError) -> Bool {
    let (first, second) = (one.statementIndex ?? .max, other.statementIndex ?? .max)
    return first < second || first == second && one.sqlState == nil
  }

  /// A statement that always fails, whatever the session's settings are.
  private static var failing: String { "select 1 / 0" }
}

extension ConnectionHandle {
  /// Reads the answers of a pipeline up to its synchronisation point.
  func answers(
    to count: Int, _ operation: String, by deadline: ContinuousClock.Instant?
  ) throws(PostgreSQLError) -> (results: [QueryResult], error: PostgreSQLError?) {
    var results: [QueryResult] = []
    var error: PostgreSQLError?
    var index = 0
    while true {
      guard let raw = try nextResult(operation, by: deadline) else {
        // The end of one statement's results.
        index += 1
        guard index <= count, isUsable else { throw error ?? failure(operation) }
        continue
      }
      let result = QueryResult(owning: raw)
      switch PQresultStatus(raw) {
      case PGRES_PIPELINE_SYNC: return (results, error)
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: results.append(result)
      case PGRES_PIPELINE_ABORTED: break
      default:
        var found = failure(raw, operation)
        found.statementIndex = index
        error = error ?? found
        guard isUsable else { throw found }
      }
    }
  }
}
