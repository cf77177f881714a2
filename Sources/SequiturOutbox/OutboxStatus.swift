import BlockingThreads
import KafkaClient
import PostgreSQL

/// How an outbox stands.
public struct OutboxStatus: Sendable, Hashable, Codable {
  /// Rows that wait in the table; nil in the mode `tail`, where rows stay in it, sent or not.
  public var waiting: Int?
  /// In the mode `tail`: rows in the table, sent or not; nil where there is none.
  public var kept: Int?
  /// How old the oldest of them is, in seconds; nil for none, and where the table does not say it.
  public var oldestSeconds: Double?
  /// Rows that were parked, by the code of their reason.
  public var parked: [String: Int] = [:]
  /// How long the oldest transaction of the database is open that this role can see, in seconds: while it is, deleted rows
  /// are not cleaned up, and rows of it are not there yet.
  public var oldestTransactionSeconds: Double?
  /// The relay that has the name: host, process, and a random part; nil when none ever had.
  public var relay: String?
  /// How it works: `poll` or `tail`.
  public var mode: String?
  /// How many shards it has.
  public var shards: Int?

  /// In the mode `tail`: the replication slot's name.
  public var slot: String?
  /// `reserved`, `extended`, `unreserved` or `lost` (`pg_replication_slots.wal_status`); `gone` when there is none.
  public var slotStatus: String?
  /// How much of the database's log is kept for it, in bytes.
  public var retainedLogBytes: Int?
  /// How much of the database's log was written behind what the slot has let go of, in bytes: commands in it wait. A few
  /// seconds' worth is usual, also without commands.
  public var pendingLogBytes: Int?

  /// Asks database and broker; on a thread of its own.
  /// - Throws: ``OutboxFault``, `PostgreSQLError`, `KafkaError`.
  public static func read(_ configuration: OutboxConfiguration) async throws -> OutboxStatus {
    try await withBlockingThread(
      "outbox-status",
      throwing: {
        var status = OutboxStatus()
        try status.readClaim(configuration)
        try status.readDatabase(configuration)
        return status
      })
  }

  /// Asks the database alone, for an outbox that works in the configuration's mode; on a thread of its own.
  /// - Throws: ``OutboxFault``, `PostgreSQLError`.
  public static func readDatabase(_ configuration: OutboxConfiguration) async throws -> OutboxStatus {
    try await withBlockingThread(
      "outbox-status",
      throwing: {
        var status = OutboxStatus()
        status.mode = configuration.mode.rawValue
        try status.readDatabase(configuration)
        return status
      })
  }

  private mutating func readDatabase(_ configuration: OutboxConfiguration) throws {
    let connection = try PostgreSQLConnection(
      configuration.database, applicationName: "sequitur outbox status")
    connection.responseTimeout = OutboxLimits.response
    let table = configuration.table
    let isTail = mode == OutboxConfiguration.Mode.tail.rawValue
    let hasTable =
      try connection.query("select to_regclass($1)::text", [.text(try table.quotedName())]).rows[0][0] != nil
    // The log has commands without a table as well.
    if hasTable || !isTail { try readRows(table, isTail: isTail, connection) }
    let counts = try connection.query(
      """
      select split_part(reason, ':', 1), count(*) from \(try table.quotedParkedName()) where relay = $1 group by 1
      """, [.text(configuration.name)])
    for row in counts.rows { parked[row[0] ?? ""] = row[1].flatMap { Int($0) } }
    let oldest = try connection.query(
      """
      select extract(epoch from max(now() - xact_start)) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and application_name not like 'sequitur outbox %'
      """)
    oldestTransactionSeconds = oldest.rows[0][0].flatMap { Double($0) }
    guard isTail else { return }
    let slot = LogSlot(configuration)
    let state = try slot.state(connection)
    self.slot = slot.name
    slotStatus = state?.status ?? "gone"
    retainedLogBytes = state?.retainedBytes
    pendingLogBytes = state?.pendingBytes
  }

  /// In the mode `tail` rows stay where they are: that one is there says nothing of whether it was sent.
  private mutating func readRows(_ table: OutboxTable, isTail: Bool, _ connection: PostgreSQLConnection)
    throws
  {
    let types = try TableShape.columns(of: table, connection).types
    let age =
      types[.createdAt] == nil || isTail
      ? "null"
      : "extract(epoch from now() - min(\(try SQLText.identifier(table.column(.createdAt) ?? "")))::timestamptz)"
    let row = try connection.query("select count(*), \(age) from \(try table.quotedName())").rows[0]
    let count = row[0].flatMap { Int($0) }
    if isTail { kept = count } else { waiting = count }
    oldestSeconds = row[1].flatMap { Double($0) }
  }

  private mutating func readClaim(_ configuration: OutboxConfiguration) throws {
    let topic = OutboxTopic(
      applicationID: configuration.applicationID, kafka: configuration.kafka, logger: configuration.logger)
    let keys = RecordKeys(name: configuration.name)
    let claim: BatchRecord?
    do {
      claim = try topic.survey(keys).claim
    } catch let error as KafkaError where error.code == .unknownTopicOrPartition {
      claim = nil
    }
    relay = claim?.relay
    mode = claim?.mode
    shards = claim?.shards
  }
}
