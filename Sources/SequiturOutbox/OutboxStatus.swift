import BlockingThreads
import KafkaClient
import PostgreSQL

/// How an outbox stands.
public struct OutboxStatus: Sendable, Hashable, Codable {
  /// Rows that wait in the table.
  public var waiting: Int
  /// How old the oldest of them is, in seconds; nil for none, and where the table does not say it.
  public var oldestSeconds: Double?
  /// Rows that were parked, by the code of their reason.
  public var parked: [String: Int]
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

  /// Asks database and broker; on a thread of its own.
  /// - Throws: ``OutboxFault``, `PostgreSQLError`, `KafkaError`.
  public static func read(_ configuration: OutboxConfiguration) async throws -> OutboxStatus {
    try await withBlockingThread("outbox-status", throwing: { try readBlocking(configuration) })
  }

  private static func readBlocking(_ configuration: OutboxConfiguration) throws -> OutboxStatus {
    let connection = try PostgreSQLConnection(
      configuration.database, applicationName: "sequitur outbox status")
    connection.responseTimeout = OutboxLimits.response
    let table = configuration.table
    let types = try TableShape.columnTypes(of: table, connection)
    let age =
      types[.createdAt] == nil
      ? "null"
      : "extract(epoch from now() - min(\(try SQLText.identifier(table.column(.createdAt) ?? "")))::timestamptz)"
    let rows = try connection.query("select count(*), \(age) from \(try table.quotedName())").rows[0]
    var status = OutboxStatus(
      waiting: rows[0].flatMap { Int($0) } ?? 0, oldestSeconds: rows[1].flatMap { Double($0) }, parked: [:])
    let parked = try connection.query(
      """
      select split_part(reason, ':', 1), count(*) from \(try table.quotedParkedName()) where relay = $1 group by 1
      """, [.text(configuration.name)])
    for row in parked.rows { status.parked[row[0] ?? ""] = row[1].flatMap { Int($0) } }
    let oldest = try connection.query(
      """
      select extract(epoch from max(now() - xact_start)) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
      """)
    status.oldestTransactionSeconds = oldest.rows[0][0].flatMap { Double($0) }
    try status.readClaim(configuration)
    if status.mode == OutboxConfiguration.Mode.tail.rawValue {
      let slot = LogSlot(configuration)
      let state = try slot.state(connection)
      status.slot = slot.name
      status.slotStatus = state?.status ?? "gone"
      status.retainedLogBytes = state?.retainedBytes
    }
    return status
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
