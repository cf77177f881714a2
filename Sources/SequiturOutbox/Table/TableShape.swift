import PostgreSQL

/// An outbox table as the database has it, and the statements that a relay runs on it.
struct TableShape: Sendable {
  /// Columns of what ``selection`` returns, in this order.
  enum Column: Int {
    case id, key, type, payload, payloadBytes, headers, commandID, isKeyParked
  }

  /// Selects the oldest rows: $1 the most rows, $2 the most bytes of payloads together, $3 the most bytes of one payload
  /// (a larger one is left in the database), $4 the relay's name.
  let selection: String
  /// Deletes rows: $1 their ids, $2 ids and command ids with a space between, where the table has them.
  let deletion: String
  /// Moves rows to the parked ones: $1 their ids, $2 why, $3 the relay's name, $4 their ids as texts.
  let parking: String
  let hasCommandIDs: Bool
  /// Whether an index begins with the ids.
  let isIndexed: Bool

  /// Asks the database what the table is like.
  /// - Throws: ``OutboxFault`` for a table that is not there or cannot serve; `PostgreSQLError`.
  init(
    _ table: OutboxTable, on connection: PostgreSQLConnection, shard: Int, of shards: Int
  ) throws {
    let (types, others) = try Self.columns(of: table, connection)
    let parked = try connection.query("select to_regclass($1)::text", [.text(try table.quotedParkedName())])
    guard parked.rows[0][0] != nil else {
      throw OutboxFault.missingTable(table.parkedName, connection.server)
    }
    let isUnencoded = try connection.query("select getdatabaseencoding()").rows[0][0] == "SQL_ASCII"
    let index = try connection.query(
      """
      select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indrelid = to_regclass($1) and i.indisvalid and i.indpred is null and a.attname = $2
      """, [.text(try table.quotedName()), .optionalText(table.column(.id))])
    isIndexed = index.rowCount > 0
    let columns = try ColumnExpressions(table, types, isUnencoded: isUnencoded)
    let name = try table.quotedName()
    let parkedName = try table.quotedParkedName()
    let condition =
      shards == 1
      ? "true"
      : "coalesce(((hashtextextended(\(columns.keyText), 0) % \(shards)) + \(shards)) % \(shards), 0) = \(shard)"
    hasCommandIDs = columns.commandID != "null::text"
    // A payload is only fetched and converted once it is known to be small enough.
    selection = """
      select o.\(columns.id)::text, \(columns.key), \(columns.type),
        case when o.outbox_bytes <= $3::bigint then \(columns.payload) end, o.outbox_bytes::text, \(columns.headers),
        \(columns.commandID), \(columns.keyText) in (select p.key from \(parkedName) p where p.relay = $4)
      from (
        select *, sum(o.outbox_bytes) over (order by o.\(columns.id) rows unbounded preceding) as outbox_total
        from (
          select \(columns.raw), coalesce(\(columns.payloadBytes), 0) as outbox_bytes
          from \(name) o where \(condition) order by o.\(columns.id) limit $1::bigint
        ) o
      ) o
      where o.outbox_total - o.outbox_bytes < $2::bigint order by o.\(columns.id)
      """
    // The command's id as well, where there is one: after a failover that lost the last transactions a number may be given
    // to another row. Not by a join: of a table that was empty when it was vacuumed the planner believes that it still is,
    // and would go through all ids for each of its rows.
    deletion =
      "delete from \(name) o where o.\(columns.id) = any($1)"
      + (hasCommandIDs
        ? " and o.\(columns.id)::text || ' ' || coalesce(\(columns.commandID), '') = any($2::text[])" : "")
    parking = """
      with gone as (
        delete from \(name) o where o.\(columns.id) = any($1)
        returning o.\(columns.id) as number, o.\(columns.id)::text as id, \(columns.keyText) as key,
          \(columns.typeText) as type, \(columns.payload) as payload, \(columns.headersText) as headers,
          \(columns.commandID) as command_id, \(try Self.json(of: others)) as others
      )
      insert into \(parkedName) (relay, id, key, type, payload, headers, command_id, reason, others)
      select $3, id, key, type, payload, headers, command_id, reason, others
      from gone join unnest($4::text[], $2::text[]) as parked (id, reason) using (id) order by number
      on conflict (relay, id) do nothing
      """
  }

  /// Columns that are no part of the command, as one value: a parked row keeps all that it had.
  private static func json(of columns: [String]) throws(PostgreSQLError) -> String {
    var names: [String] = []
    for column in columns { names.append("o.\(try SQLText.identifier(column))") }
    return names.isEmpty
      ? "null::jsonb" : "(select to_jsonb(rest) from (select \(names.joined(separator: ", "))) rest)"
  }

  /// A column's type: as a cast says it, and what kind it is.
  struct ColumnType {
    let name: String
    let isBytes: Bool
    let isJSON: Bool
  }

  /// The types of the columns that the table has, by role, and the names of those that are no part of a command.
  static func columns(
    of table: OutboxTable, _ connection: PostgreSQLConnection
  ) throws -> (types: [OutboxTable.Role: ColumnType], others: [String]) {
    let regclass = try connection.query("select to_regclass($1)::oid::text", [.text(try table.quotedName())])
    guard let oid = regclass.rows[0][0] else { throw OutboxFault.missingTable(table.name, connection.server) }
    let found = try connection.query(
      """
      select attname, format_type(atttypid, null), atttypid = 'bytea'::regtype, atttypid in ('json'::regtype, 'jsonb'::regtype)
      from pg_attribute where attrelid = $1::oid and attnum > 0 and not attisdropped
      """, [.text(oid)])
    var all: [String: ColumnType] = [:]
    for row in found.rows {
      guard let name = row[0], let type = row[1] else { continue }
      all[name] = ColumnType(name: type, isBytes: row[2] == "t", isJSON: row[3] == "t")
    }
    var types: [OutboxTable.Role: ColumnType] = [:]
    for role in OutboxTable.Role.allCases {
      guard let column = table.column(role) else { continue }
      types[role] = all[column]
      let isNeeded = !role.isOptional || table.columns[role] != nil
      guard types[role] != nil || !isNeeded else {
        throw OutboxFault.missingColumn(column, role, of: table.name, known: all.keys.sorted())
      }
    }
    if let type = types[.headers], !type.isJSON {
      throw OutboxFault.wrongHeaders(table.column(.headers) ?? "", of: table.name, type.name)
    }
    let used = OutboxTable.Role.allCases.filter { $0 != .createdAt && types[$0] != nil }.map {
      table.column($0)
    }
    return (types, all.keys.filter { !used.contains($0) }.sorted())
  }
}

/// The columns of a table, as expressions over a row that is called `o`.
private struct ColumnExpressions {
  let id: String
  /// Bytes.
  let key: String
  /// The key in text form, by which shards are told apart and rows are parked.
  let keyText: String
  /// Bytes.
  let type: String
  let typeText: String
  /// Bytes.
  let payload: String
  /// How many they are, without fetching them where that is possible.
  let payloadBytes: String
  /// The columns themselves, each once.
  let raw: String
  let headers: String
  let headersText: String
  let commandID: String

  /// - Parameter isUnencoded: of a database that takes text as it comes (SQL_ASCII), where its conversion could fail.
  init(
    _ table: OutboxTable, _ types: [OutboxTable.Role: TableShape.ColumnType], isUnencoded: Bool
  ) throws(PostgreSQLError) {
    let encoding = isUnencoded ? "SQL_ASCII" : "UTF8"
    func quoted(_ role: OutboxTable.Role) throws(PostgreSQLError) -> String? {
      guard types[role] != nil, let column = table.column(role) else { return nil }
      return "o.\(try SQLText.identifier(column))"
    }
    func bytes(_ role: OutboxTable.Role) throws(PostgreSQLError) -> String {
      guard let column = try quoted(role) else { return "null::bytea" }
      return types[role]?.isBytes == true ? column : "convert_to(\(column)::text, '\(encoding)')"
    }
    func text(_ role: OutboxTable.Role) throws(PostgreSQLError) -> String {
      guard let column = try quoted(role) else { return "null::text" }
      return types[role]?.isBytes == true ? "encode(\(column), 'hex')" : "\(column)::text"
    }
    id = try SQLText.identifier(table.column(.id) ?? "id")
    key = try bytes(.key)
    keyText = try text(.key)
    type = try bytes(.type)
    typeText = try text(.type)
    payload = try bytes(.payload)
    let column = try quoted(.payload)
    payloadBytes =
      column.map { "octet_length(\($0)\(types[.payload]?.isBytes == true ? "" : "::text"))" } ?? "0"
    var names: [String] = []
    for role in [OutboxTable.Role.id, .key, .type, .payload, .headers, .commandID] {
      if let column = try quoted(role), !names.contains(column) { names.append(column) }
    }
    raw = names.joined(separator: ", ")
    headers = try bytes(.headers)
    headersText = try text(.headers)
    commandID = try text(.commandID)
  }
}
