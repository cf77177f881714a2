import PostgreSQL

/// Parks commands of the log that cannot be sent, and knows which keys have parked ones. One thread's.
///
/// A command is parked before the transaction that it came in is on record, so it may come once more: its place in the
/// log keeps it from being parked twice.
struct LogParking {
  private let connection: PostgreSQLConnection
  private let table: String
  /// The table's name as people wrote it.
  private let name: String
  private let relay: String
  /// Their bytes: Swift's equality of texts takes a letter with its accent for the two of them.
  private var keys: Set<[UInt8]> = []
  private var refreshed: ContinuousClock.Instant?

  init(_ connection: PostgreSQLConnection, _ configuration: OutboxConfiguration) throws(PostgreSQLError) {
    self.connection = connection
    table = try configuration.table.quotedParkedName()
    name = configuration.table.parkedName
    relay = configuration.name
  }

  /// Makes sure that the table is there, and that this role may write into it.
  func check() throws {
    let found = try connection.query("select to_regclass($1)::text", [.text(table)])
    guard found.rows[0][0] != nil else { throw OutboxFault.missingTable(name, connection.server) }
    try connection.execute(
      "select from \(table) where false; insert into \(table) (relay, id, reason) select '', '', '' where false"
    )
  }

  /// Asks anew which keys have parked commands, once a second at most: a person may have decided about some.
  mutating func refresh() throws(PostgreSQLError) {
    let now = ContinuousClock.now
    // Where there are none, only this relay can add some.
    if let refreshed, keys.isEmpty || now - refreshed < .seconds(1) { return }
    refreshed = now
    let rows = try connection.query("select distinct key from \(table) where relay = $1", [.text(relay)]).rows
    keys = Set(rows.compactMap { $0[0].map { Array($0.utf8) } })
  }

  func isParked(_ command: LogCommand) -> Bool {
    guard let key = command.key, !key.isEmpty, !keys.isEmpty else { return false }
    return keys.contains(Array(Self.text(key).utf8))
  }

  mutating func park(_ command: LogCommand, at place: String, _ reason: PoisonReason) throws(PostgreSQLError)
  {
    try connection.query(
      """
      insert into \(table) (relay, id, key, type, payload, headers, command_id, reason)
      values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (relay, id) do nothing
      """,
      [
        .text(relay), .text(place), .optionalText(command.key.map(Self.text)),
        .optionalText(command.type.map(Self.text)), command.payload.map { .bytes($0) } ?? .null,
        .optionalText(command.headers.map(Self.text)),
        .optionalText(command.commandID.map { Self.text(Array($0.utf8)) }),
        .text(reason.description),
      ])
    if let key = command.key, !key.isEmpty { keys.insert(Array(Self.text(key).utf8)) }
  }

  /// Text as it is, other bytes in hexadecimal digits.
  private static func text(_ bytes: [UInt8]) -> String {
    if !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) { return text }
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
