import KafkaClient
import Logging
import PostgreSQL
import ReadableText

/// The replication slot that keeps the database's log for a relay, and the publication that says what of it comes.
///
/// Invariant: what the slot has let go of (`confirmed_flush_lsn`) is never beyond what is on record on Kafka. So a slot
/// that was dropped and made anew, or was moved by somebody, is known by standing further than the record.
struct LogSlot {
  let name: String
  private let configuration: OutboxConfiguration

  init(_ configuration: OutboxConfiguration) {
    self.configuration = configuration
    name = configuration.slot ?? Self.name(configuration)
  }

  /// `sequitur_<application id>_<name>`, in what PostgreSQL takes for a slot's name.
  static func name(_ configuration: OutboxConfiguration) -> String {
    let text = "sequitur_\(configuration.applicationID)_\(configuration.name)".lowercased().map { character in
      character.isASCII && (character.isLetter || character.isNumber) ? character : "_"
    }
    return String(text.prefix(63))
  }

  /// Looks whether the server lets this role read its log, without touching the slot.
  /// - Throws: ``OutboxFault``, `PostgreSQLError`: what ``begin(after:_:_:note:)`` would meet, but for the slot.
  func check() throws {
    let name = "sequitur outbox \(configuration.name)/check"
    let connection = try PostgreSQLConnection(configuration.database, applicationName: name)
    connection.responseTimeout = OutboxLimits.response
    try checkServer(connection)
    try LogParking(connection, configuration).check()
    try PostgreSQLConnection(configuration.database, applicationName: name, isReplication: true).close()
  }

  /// Where the relay goes on: behind what is on record.
  ///
  /// - Parameters:
  ///   - record: the last one; nil where there never was one, or a new slot was ordered.
  ///   - replication: a connection for replication, on which a missing slot is made.
  ///   - note: puts on record that a slot is about to be made, so that the one which is found later is known.
  /// - Throws: ``OutboxFault`` for a slot that is gone, and for a database that cannot have one.
  func begin(
    after record: BatchRecord?, _ connection: PostgreSQLConnection, _ replication: PostgreSQLConnection,
    note: (_ system: String) throws -> Void
  ) throws -> (start: LogPosition, system: String) {
    warnOfLimit(try checkServer(connection))
    let identity = try replication.execute("IDENTIFY_SYSTEM").first?.rows.first?.texts ?? []
    guard identity.count >= 3, let system = identity[0], let end = identity[2].flatMap({ LogPosition($0) })
    else {
      throw OutboxFault(.database, "Expected the database to identify itself, but it does not.")
    }
    let found = try state(connection)
    guard let record else {
      if found != nil {
        throw Self.lost(
          "a slot \(name) is there, but no record of what was sent out of it. Drop it where it is nobody's: "
            + "select pg_drop_replication_slot('\(name)')")
      }
      try note(system)
      return (try create(connection, replication), system)
    }
    let sent = record.end.flatMap { LogPosition($0) } ?? LogPosition(0)
    guard record.system == nil || record.system == system else {
      throw Self.lost("the database is another one than the one whose log was sent (system \(system))")
    }
    // Nothing was sent yet.
    if sent == LogPosition(0) { return (try found?.confirmed ?? create(connection, replication), system) }
    guard let found else { throw Self.lost("the slot \(name) is gone") }
    guard found.status != "lost" else {
      throw Self.lost(
        "the slot \(name) was overtaken: more log was written than max_slot_wal_keep_size keeps")
    }
    guard found.confirmed <= sent else {
      throw Self.lost(
        "the slot \(name) stands at \(found.confirmed), but only the log up to \(sent) was sent: it was moved, or made anew"
      )
    }
    guard sent <= end else {
      throw Self.lost("the database's log ends at \(end), before what was sent (\(sent)): it was set back")
    }
    return (sent, system)
  }

  private static func lost(_ what: String) -> OutboxFault {
    OutboxFault(
      .lost,
      "Expected the database's log behind what was sent, but \(what). What was written in between may be lost: compare the "
        + "data. `--new-slot` begins at the log's end, once that is done.")
  }

  /// What the server keeps for a slot at most, as it says it.
  @discardableResult
  private func checkServer(_ connection: PostgreSQLConnection) throws -> String? {
    let settings = try connection.query(
      "select current_setting('wal_level'), current_setting('max_slot_wal_keep_size'), pg_is_in_recovery()"
    ).rows[0]
    if settings[2] == "t" { throw StandbyServer.error(connection.server) }
    guard settings[0] == "logical" else {
      throw OutboxFault(
        .database,
        "Expected wal_level=logical on \(connection.server), but it is \(settings[0] ?? "?"). Set it (alter system set "
          + "wal_level = 'logical') and restart the server, or use --mode poll.")
    }
    return settings[1]
  }

  private func warnOfLimit(_ limit: String?) {
    guard limit == "-1" else { return }
    configuration.logger.warning(
      "a relay that is away fills the database's disk with its log",
      metadata: ["max_slot_wal_keep_size": "-1", "cure": "set a limit; the slot is lost beyond it, loudly"])
  }

  /// Looks whether what is written into the table comes: a table that was made anew, or later than the publication, is
  /// not in it, and its rows would never be commands.
  /// - Throws: ``OutboxFault``, `PostgreSQLError`.
  func checkPublication(_ connection: PostgreSQLConnection) throws {
    let rows = try connection.query(
      """
      with published as (
        select c.oid from pg_publication_tables v join pg_namespace n on n.nspname = v.schemaname
          join pg_class c on c.relnamespace = n.oid and c.relname = v.tablename
        where v.pubname = $1
      )
      select t.oid is null or t.relkind = 'p' or p.pubinsert and t.oid in (table published),
        t.relkind is distinct from 'p' and exists (select from published where oid is distinct from t.oid)
      from pg_publication p left join pg_class t on t.oid = to_regclass($2) where p.pubname = $1
      """, [.text(name), .text(try configuration.table.quotedName())]
    ).rows
    guard let row = rows.first else { throw OutboxFault.missingPublication(name, connection.server) }
    guard row[0] == "t" else { throw OutboxFault.incompletePublication(name, configuration.table.name) }
    guard row[1] == "f" else { throw OutboxFault.foreignPublication(name, configuration.table.name) }
  }

  /// What the slot keeps.
  struct State {
    let confirmed: LogPosition
    let status: String
    let activeProcess: String?
    /// The log that is kept for it.
    let retainedBytes: Int?
    /// The log that it has not let go of: of it, what is a command was not sent, or is not known to have been.
    let pendingBytes: Int?
  }

  /// The slot as it is; nil when there is none.
  func state(_ connection: PostgreSQLConnection) throws(PostgreSQLError) -> State? {
    let rows = try connection.query(
      """
      select confirmed_flush_lsn, wal_status, active_pid, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint,
        pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint
      from pg_replication_slots where slot_name = $1
      """, [.text(name)]
    ).rows
    return rows.first.map { row in
      State(
        confirmed: row[0].flatMap { LogPosition($0) } ?? LogPosition(0), status: row[1] ?? "lost",
        activeProcess: row[2], retainedBytes: row[3].flatMap { Int($0) },
        pendingBytes: row[4].flatMap { Int($0) })
    }
  }

  /// Ends the session of a relay that was fenced, or that has died without the server's notice.
  func release(_ connection: PostgreSQLConnection) throws(PostgreSQLError) {
    try connection.query(
      "select pg_terminate_backend(active_pid, 10000) from pg_replication_slots where slot_name = $1 and active",
      [.text(name)])
  }

  /// Drops the slot, so that a new one is made.
  func drop(_ connection: PostgreSQLConnection) throws(PostgreSQLError) {
    try release(connection)
    try connection.query(
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1",
      [.text(name)])
  }

  /// Makes the publication, and then the slot: what is written before the publication is there cannot be read.
  private func create(
    _ connection: PostgreSQLConnection, _ replication: PostgreSQLConnection
  ) throws -> LogPosition {
    let publication = try SQLText.identifier(name)
    if try connection.query("select from pg_publication where pubname = $1", [.text(name)]).rowCount == 0 {
      let table = try configuration.table.quotedName()
      let exists = try connection.query("select to_regclass($1)::text", [.text(table)]).rows[0][0] != nil
      // Without a table only messages come.
      try connection.execute(
        "create publication \(publication)\(exists ? " for table \(table)" : "") with (publish = 'insert')")
    }
    let made = try replication.execute(
      "CREATE_REPLICATION_SLOT \(publication) LOGICAL pgoutput NOEXPORT_SNAPSHOT")
    guard let start = made.first?.rows.first?[1].flatMap({ LogPosition($0) }) else {
      throw OutboxFault(.database, "Expected a new replication slot to say where it begins, but it does not.")
    }
    configuration.logger.notice(
      "made a replication slot", metadata: ["slot": "\(name)", "position": "\(start)"])
    return start
  }

  /// The statement that starts the stream.
  func start(at position: LogPosition) throws(PostgreSQLError) -> String {
    """
    START_REPLICATION SLOT \(try SQLText.identifier(name)) LOGICAL \(position) \
    (proto_version '1', publication_names \(try SQLText.literal(try SQLText.identifier(name))), messages 'true')
    """
  }
}
