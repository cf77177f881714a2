import PostgreSQL

/// A shard's side of the database. One thread's; connects when it is needed, and again when the connection is lost.
final class ShardDatabase {
  private let configuration: OutboxConfiguration
  private let shard: Int
  private let shards: Int
  private let verdict: RowVerdict
  private var session: Session?

  private struct Session {
    let connection: PostgreSQLConnection
    let shape: TableShape
    let selection: PreparedStatement
  }

  init(_ configuration: OutboxConfiguration, shard: Int, of shards: Int, recordBytesMax: Int) {
    self.configuration = configuration
    self.shard = shard
    self.shards = shards
    verdict = RowVerdict(recordBytesMax: recordBytesMax)
  }

  /// Connects, looks at the table, and runs every statement without a row: rights are missing now, or not at all.
  /// - Throws: ``OutboxFault``, `PostgreSQLError`.
  func check() throws {
    try use { session in
      _ = try session.connection.query(
        session.selection, [.integer(0), .integer(0), .integer(0), .text(configuration.name)], format: .binary
      )
      try session.connection.pipeline([
        PipelinedStatement(session.shape.deletion, Self.parameters([], session.shape)),
        PipelinedStatement(session.shape.parking, parking([])),
      ])
    }
  }

  /// The oldest rows, judged; nil when there are none.
  func select() throws -> OutboxBatch? {
    try use { session in
      let result = try session.connection.query(
        session.selection,
        [
          .integer(OutboxLimits.rowsMax), .integer(OutboxLimits.payloadBytesMax),
          .integer(verdict.recordBytesMax),
          .text(configuration.name),
        ], format: .binary)
      return OutboxBatch(result, hasCommandIDs: session.shape.hasCommandIDs, verdict)
    }
  }

  /// Deletes rows; how many were there.
  func delete(_ rows: [RowIdentity]) throws -> Int {
    guard !rows.isEmpty else { return 0 }
    return try use { session in
      try session.connection.query(session.shape.deletion, Self.parameters(rows, session.shape)).affectedRows
        ?? 0
    }
  }

  /// Deletes what was sent and parks what cannot be, both or neither.
  func remove(_ batch: OutboxBatch) throws {
    guard !batch.poison.isEmpty else {
      _ = try delete(batch.sent)
      return
    }
    try use { session in
      let parked = batch.poison.map { (id: batch.identity($0.row).id, reason: $0.reason.description) }
      try session.connection.pipeline([
        PipelinedStatement(session.shape.deletion, Self.parameters(batch.sent, session.shape)),
        PipelinedStatement(session.shape.parking, parking(parked)),
      ])
    }
  }

  /// Waits for the bell, at most so long; false when the connection is lost: the next selection tells it.
  func waitForBell(within time: Duration) -> Bool {
    (try? use { session in _ = try session.connection.notifications(within: time) }) != nil
  }

  private static func parameters(_ rows: [RowIdentity], _ shape: TableShape) -> [PostgreSQLParameter] {
    let ids = PostgreSQLParameter.textArray(rows.map(\.id))
    guard shape.hasCommandIDs else { return [ids] }
    return [ids, .textArray(rows.map { "\($0.id) \($0.commandID ?? "")" })]
  }

  private func parking(_ rows: [(id: String, reason: String)]) -> [PostgreSQLParameter] {
    let ids = PostgreSQLParameter.textArray(rows.map(\.id))
    return [ids, .textArray(rows.map(\.reason)), .text(configuration.name), ids]
  }

  private func use<Result>(_ body: (Session) throws -> Result) throws -> Result {
    do {
      let session = try self.session ?? connect()
      self.session = session
      return try body(session)
    } catch {
      // Also after other errors: a table that was made anew has other columns than the prepared statement.
      session = nil
      throw error
    }
  }

  private func connect() throws -> Session {
    let connection = try PostgreSQLConnection(
      configuration.database, applicationName: "sequitur outbox \(configuration.name)/\(shard)")
    connection.responseTimeout = OutboxLimits.response
    try StandbyServer.refuse(connection)
    // A deletion that a crash of the server could undo would send its rows again: only the last record is looked at.
    try connection.execute(
      """
      set lock_timeout = \(OutboxLimits.lock.components.seconds * 1000);
      select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'
      """)
    let shape = try TableShape(configuration.table, on: connection, shard: shard, of: shards)
    try keepToIndex(shape, connection)
    if let bell = configuration.bell { try connection.listen(to: bell) }
    return Session(connection: connection, shape: shape, selection: try connection.prepare(shape.selection))
  }

  /// The table is a queue: its oldest rows, and rows by their ids, are found by the index, whatever the planner believes of
  /// its size. A scan of the whole table for each batch costs twice as much as all the rest, and far more once it is bloated.
  private func keepToIndex(_ shape: TableShape, _ connection: PostgreSQLConnection) throws {
    guard shape.isIndexed else {
      return configuration.logger.warning(
        "the outbox's table is read as a whole for each batch",
        metadata: [
          "table": "\(configuration.table.name)",
          "cure": "make a unique index on the column \(configuration.table.column(.id) ?? "id")",
        ])
    }
    try connection.execute(
      "set enable_seqscan = off; set jit = off")
  }
}
