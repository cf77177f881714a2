import CPostgreSQL
import Glibc

extension PostgreSQLConnection {
  /// Runs `copy … from stdin`, with the data that `body` writes. C: `PQputCopyData`, `PQputCopyEnd`.
  ///
  /// - Returns: the number of rows that were copied.
  /// - Throws: what `body` throws, and then nothing was copied; the server's error, such as kind `data` with the line in
  ///   ``PostgreSQLError/context``; `invalidArgument` when the statement is another one.
  @discardableResult
  public func copyIn(_ sql: String, _ body: (borrowing CopyWriter) throws -> Void) throws -> Int {
    let operation = "copy into a table"
    let handle = try handle(operation)
    try handle.startCopy(sql, PGRES_COPY_IN, operation)
    let writer = CopyWriter(handle, operation)
    do {
      try body(writer)
    } catch {
      // The server's own error is the cause, where it has ended the COPY already.
      let refusal = handle.endCopyIn(operation, because: "the data could not be written")
      throw (error as? PostgreSQLError).flatMap { _ in refusal } ?? error
    }
    try handle.endCopyIn(operation)
    return try handle.onlyResult(operation).affectedRows ?? 0
  }

  /// Runs `copy … to stdout`, and passes its data to `body` piece by piece: a row of text, or of the binary form. C:
  /// `PQgetCopyData`.
  ///
  /// - Throws: what `body` throws, once the statement is cancelled; the server's error; `invalidArgument` when the
  ///   statement is another one.
  public func copyOut(_ sql: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let operation = "copy out of a table"
    let handle = try handle(operation)
    try handle.startCopy(sql, PGRES_COPY_OUT, operation)
    do {
      while let row = try handle.nextCopyData(operation, by: handle.deadline) { try row.withBytes(body) }
    } catch {
      guard handle.isUsable else { throw error }
      try? makeCanceller().cancel()
      try handle.leaveCopy(PGRES_COPY_OUT, operation, by: handle.deadline)
      _ = try? handle.results(operation)
      throw error
    }
    _ = try handle.results(operation)
  }

  /// Starts a COPY in both directions, which is what `START_REPLICATION` is. C: `PGRES_COPY_BOTH`.
  ///
  /// The connection is for the stream alone until it ends.
  /// - Throws: the server's error; `invalidArgument` when the statement is another one.
  public func startCopyBoth(_ sql: String) throws(PostgreSQLError) -> CopyBoth {
    let operation = "start a stream"
    let handle = try handle(operation)
    try handle.startCopy(sql, PGRES_COPY_BOTH, operation)
    return CopyBoth(handle)
  }
}

/// One piece of COPY data, freed at the end of its life.
struct CopyPiece: ~Copyable {
  let start: UnsafeMutablePointer<CChar>
  let count: Int

  deinit { PQfreemem(start) }

  borrowing func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(UnsafeRawBufferPointer(start: start, count: count))
  }
}

extension ConnectionHandle {
  /// Sends a statement, and returns once the server is in the state of that COPY.
  func startCopy(_ sql: String, _ status: ExecStatusType, _ operation: String) throws(PostgreSQLError) {
    try PostgreSQLConnection.checkText(sql)
    guard PQsendQuery(raw, sql) == 1 else { throw failure(operation) }
    guard let first = try nextResult(operation, by: deadline) else { throw failure(operation) }
    let result = QueryResult(owning: first)
    let found = PQresultStatus(first)
    if found == status { return }
    var error = failure(first, operation)
    if found != PGRES_FATAL_ERROR, isUsable {
      error = located(
        PostgreSQLError(kind: .invalidArgument, operation: operation, message: "the statement is another one")
      )
    }
    withExtendedLifetime(result) {}
    if isUsable {
      try leaveCopy(found, operation, by: deadline)
      _ = try? results(operation)
    }
    throw error
  }

  /// The next piece of data, waiting for it; nil at the end.
  func nextCopyData(_ operation: String, by deadline: ContinuousClock.Instant?) throws(PostgreSQLError)
    -> CopyPiece?
  {
    while true {
      switch try copyDataThatCame(operation) {
      case .piece(let piece): return piece
      case .ended: return nil
      case .nothing: try waitForCopyData(operation, by: deadline)
      }
    }
  }

  enum CopyState: ~Copyable {
    case piece(CopyPiece)
    case nothing
    case ended
  }

  /// What has come, without waiting (`PQgetCopyData`).
  func copyDataThatCame(_ operation: String) throws(PostgreSQLError) -> CopyState {
    var start: UnsafeMutablePointer<CChar>?
    let count = PQgetCopyData(raw, &start, 1)
    if count > 0, let start { return .piece(CopyPiece(start: start, count: Int(count))) }
    switch count {
    case 0: return .nothing
    case -1: return .ended
    default: throw failure(operation)
    }
  }

  private func waitForCopyData(_ operation: String, by deadline: ContinuousClock.Instant?)
    throws(PostgreSQLError)
  {
    let rest = deadline.map { $0 - .now } ?? .seconds(3600)
    guard rest > .zero else {
      abandon(because: "a COPY ended without an answer of the server")
      throw located(
        PostgreSQLError(
          kind: .timedOut, operation: operation,
          message: "the server sent nothing within \(responseTimeout ?? .zero)"))
    }
    if try poll(for: Int16(POLLIN), within: rest, operation) != 0 { try consume(operation) }
  }

  /// Queues COPY data, and writes it once there is enough of it.
  func put(_ bytes: UnsafeRawBufferPointer, _ operation: String) throws(PostgreSQLError) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    var rest = UnsafeRawBufferPointer(start: start, count: bytes.count)
    while let base = rest.baseAddress, !rest.isEmpty {
      let count = min(rest.count, PostgreSQLLimits.copyBytesQueuedMax)
      switch PQputCopyData(raw, base.assumingMemoryBound(to: CChar.self), Int32(count)) {
      case 1: rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      case 0: break
      default: throw failure(operation)
      }
      try flush(operation, by: deadline)
    }
  }

  /// Ends a COPY of ours.
  func endCopyIn(_ operation: String) throws(PostgreSQLError) {
    while true {
      switch PQputCopyEnd(raw, nil) {
      case 1: return try flush(operation, by: deadline)
      case 0: try flush(operation, by: deadline)
      default: throw failure(operation)
      }
    }
  }

  /// Ends a COPY of ours with an error, so that nothing is copied; the error that the server had before.
  func endCopyIn(_ operation: String, because reason: String) -> PostgreSQLError? {
    guard isUsable else { return failure(operation) }
    _ = PQputCopyEnd(raw, reason)
    do throws(PostgreSQLError) {
      _ = try results(operation)
      return nil
    } catch {
      // 57014 is the answer to our own end.
      return error.sqlState == .queryCanceled ? nil : error
    }
  }

  /// Leaves a COPY that nobody asked for.
  func leaveCopy(
    _ status: ExecStatusType, _ operation: String, by deadline: ContinuousClock.Instant?
  ) throws(PostgreSQLError) {
    switch status {
    case PGRES_COPY_IN: _ = PQputCopyEnd(raw, "no COPY was expected")
    case PGRES_COPY_OUT: while try nextCopyData(operation, by: deadline) != nil {}
    case PGRES_COPY_BOTH: abandon(because: "a stream was started that nobody reads")
    default: break
    }
  }
}
