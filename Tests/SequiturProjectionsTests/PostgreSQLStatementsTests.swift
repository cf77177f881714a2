import PostgreSQL
import SeededRandom
import TestDatabase
import Testing

@testable import SequiturProjections

/// Rows in PostgreSQL: as arrays, and copied.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct PostgreSQLStatementsTests {
  private static let types = [
    "smallint", "integer", "bigint", "numeric", "numeric(6,2)", "real", "double precision", "boolean", "text",
    "varchar(4)", "timestamptz", "date", "jsonb", "json", "bytea", "uuid", "inet", "text[]",
  ]

  /// Values that fit, by type.
  private static func cells(_ type: String) -> [Cell] {
    switch type {
    case "smallint": [.integer(-32_768), .integer(32_767), .integer(0)]
    case "integer": [.integer(-2_147_483_648), .integer(2_147_483_647), .integer(-1)]
    case "bigint": [.integer(.min), .integer(.max), .integer(7)]
    case "numeric": [.number("123456789012345678901234567890.25"), .number("-0.5e-3"), .number("0")]
    case "numeric(6,2)": [.number("1234.56"), .number("-0.1"), .number("1e3")]
    case "real": [.number("1.5"), .number("-1e30")]
    case "double precision": [.number("0.1"), .number("1e300")]
    case "boolean": [.boolean(true), .boolean(false)]
    case "varchar(4)": [.text(""), .text("日本語"), .text("\\N\\\\")]
    case "timestamptz": [.text("2026-11-30T09:03:36.752Z"), .text("0001-01-01T00:00:00-15:59")]
    case "date": [.text("2024-02-29")]
    case "jsonb", "json": [.text(#"{"a": "x\ny\\z", "b": [1, null]}"#), .text("null"), .text("\"\\t\"")]
    case "bytea": [.bytes([]), .bytes([0, 0x5c, 0x78, 10, 9, 255]), .bytes(Array("\\x00".utf8))]
    case "uuid": [.text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]
    case "inet": [.text("::1"), .text("10.0.0.0/8")]
    case "text[]": [.text("{a,\"b c\",NULL}"), .text("{}")]
    default:
      [
        .text(""), .text("NULL"), .text("\\N"), .text("\\."), .text("a\tb\nc\rd\\e\u{8}\u{b}"),
        .text("\"{},'"), .text("é e\u{301} 😀"), .text(String(repeating: "x\\", count: 5_000)), .text("\\"),
      ]
    }
  }

  private static func definition(_ table: String) throws -> ProjectionDefinition {
    let columns = types.enumerated().map { "c\($0): \"\($1)\"" }.joined(separator: ", ")
    return try Orders.definition(
      "projection: p\ntable: {name: \(table), key: {k: $key}, columns: {\(columns)}}\nevents: {e: delete}")
  }

  private static func rows(_ kind: RowRule.Kind, count: Int, _ random: inout SplitMix64) -> [RowChange] {
    (0..<count).map { number in
      var sets: [Int: Cell] = [:]
      for (index, type) in types.enumerated() {
        sets[index + 1] = random.below(5) == 0 ? .null : cells(type).randomElement(using: &random)!
      }
      return RowChange(kind, key: [.text("k\\\(number)\t")], sets: sets)
    }
  }

  private func connect(_ address: String) throws -> PostgreSQLDatabase {
    let database = PostgreSQLDatabase(address)
    try database.connect()
    return database
  }

  /// A digest of all rows.
  private func digest(_ table: String, _ database: PostgreSQLDatabase) throws -> [String?] {
    let row = try database.query(
      "select count(*)::text, md5(string_agg(t::text, '|' order by k collate \"C\")) from \(table) t")[0]
    return [row.text(0), row.text(1)]
  }

  /// What the session of the projection has run last, seen by another one.
  private func lastStatement(_ address: String) throws -> String {
    try PostgreSQLConnection(address).query(
      "select query from pg_stat_activity where application_name = 'sequitur project' and datname = current_database()"
    ).rows.first?[0] ?? ""
  }

  @Test func `rows that are copied are those that go as arrays, whatever is in them`() throws {
    let address = try TestDatabase.make()
    let database = try connect(address)
    defer { database.close() }
    var random = SplitMix64(seed: 24)
    let inserts = Self.rows(.insert, count: 500, &random)
    for name in ["copied", "few", "upserted"] {
      let statements = ProjectionSchema.statements(try Self.definition(name), .postgreSQL)
      for statement in statements { try database.execute(statement) }
    }
    try database.begin()
    #expect(try database.apply(inserts, to: Self.definition("copied").table) == 0)
    #expect(try lastStatement(address).hasPrefix("copy \"copied\" (\"k\", \"c0\""))
    try database.commit()
    for start in stride(from: 0, to: 500, by: 50) {
      _ = try database.apply(Array(inserts[start..<start + 50]), to: Self.definition("few").table)
    }
    #expect(try lastStatement(address).hasPrefix("insert into \"few\""))
    let upserts = inserts.map {
      RowChange(.upsert, key: $0.key, sets: Dictionary(uniqueKeysWithValues: zip($0.shape.sets, $0.sets)))
    }
    _ = try database.apply(upserts, to: Self.definition("upserted").table)
    let copied = try digest("copied", database)
    #expect(copied[0] == "500")
    #expect(try digest("few", database) == copied)
    #expect(try digest("upserted", database) == copied)
  }

  @Test func `rows are what the model says, folded and one by one`() throws {
    let definition = try Orders.definition(SQLiteRowsTests.table)
    let database = try connect(try TestDatabase.make())
    defer { database.close() }
    for statement in ProjectionSchema.statements(definition, .postgreSQL) { try database.execute(statement) }
    var random = SplitMix64(seed: 241)
    var model = ModelTable()
    for round in 0..<100 {
      let changes = FoldingTests.randomChanges(&random, count: 20, keys: 6, inserts: false)
      for change in changes { model.apply(change) }
      try database.begin()
      _ = try database.apply(changes, to: definition.table)
      try database.commit()
      var rows: [String: [Int: Cell]] = [:]
      for row in try database.query("select k, a, b, c, d from t") {
        rows[row.text(0) ?? ""] = Dictionary(
          uniqueKeysWithValues: (1...4).compactMap { column in
            row.integer(column).map { (column, .integer($0)) }
          })
      }
      var expected: [String: [Int: Cell]] = [:]
      for (key, cells) in model.rows { expected[key[0].literal ?? ""] = cells.filter { $0.value != .null } }
      #expect(rows == expected, "seed 241, round \(round)")
    }
  }

  /// What COPY does not go through.
  @Test(
    arguments: [
      "alter table t enable row level security; alter table t force row level security; "
        + "create policy everything on t using (true) with check (true)",
      "alter table t rename to behind; create view t as select * from behind",
      "create table other (like t); create rule also as on insert to t do also insert into other values (new.k)",
    ])
  func `a table that cannot be copied into gets its rows all the same`(change: String) throws {
    let definition = try Orders.definition(SQLiteRowsTests.table)
    let address = try TestDatabase.make()
    let database = try connect(address)
    defer { database.close() }
    for statement in ProjectionSchema.statements(definition, .postgreSQL) { try database.execute(statement) }
    try database.execute(change)
    let rows = (0..<200).map { RowChange(.insert, key: [.text("k\($0)")], sets: [1: .integer(Int64($0))]) }
    _ = try database.apply(rows, to: definition.table)
    #expect(try lastStatement(address).hasPrefix("insert into \"t\""))
    #expect(try database.query("select count(*), sum(a) from t")[0].integer(0) == 200)
  }

  @Test func `a row that the table does not take is the event's fault, copied or not`() throws {
    let definition = try Orders.definition(SQLiteRowsTests.table)
    let database = try connect(try TestDatabase.make())
    defer { database.close() }
    for statement in ProjectionSchema.statements(definition, .postgreSQL) { try database.execute(statement) }
    try database.execute("alter table t add check (a < 150)")
    func rows(_ keys: Range<Int>) -> [RowChange] {
      keys.map { RowChange(.insert, key: [.text("k\($0)")], sets: [1: .integer(Int64($0))]) }
    }
    _ = try database.apply(rows(0..<1), to: definition.table)
    for (keys, code) in [(0..<100, "23505"), (1..<151, "23514"), (0..<5, "23505")] {
      let failure = try #require(throws: DatabaseFailure.self) {
        try database.apply(rows(keys), to: definition.table)
      }
      #expect(failure.kind == .data && failure.code == code, "\(failure)")
    }
    #expect(try database.query("select count(*) from t")[0].integer(0) == 1)
  }

  @Test(arguments: [true, false])
  func `states into an empty table are copied, and go over rows that are there`(isEmpty: Bool) throws {
    let definition = try Orders.definition(
      "projection: p\nfrom: state\nstate: {a: a}\ntable: {name: t, key: {k: $key}, columns: {a: bigint}}\nevents: {e: delete}"
    )
    let address = try TestDatabase.make()
    let door = DatabaseDoor(try DatabaseAddress(address), for: .make)
    defer { door.use { $0.close() } }
    try door.use { database in
      try database.connect()
      for statement in ProjectionSchema.statements(definition, .postgreSQL) {
        try database.execute(statement)
      }
      if !isEmpty { try database.execute("insert into t values ('k7', 0)") }
      try database.begin()
    }
    let states = try ProjectedStates(definition, door, isUnseen: false)
    for number in 0..<2_500 {
      try states.add(Array("k\(number)".utf8)[...], 1, Array("{\"a\":\(number)}".utf8)[...])
    }
    try states.finish()
    #expect(try lastStatement(address).hasPrefix(isEmpty ? "copy \"t\"" : "insert into \"t\""))
    let sum = try door.use { database in
      try database.commit()
      return try database.query("select count(*), sum(a) from t")[0]
    }
    #expect(sum.integer(0) == 2_500 && sum.integer(1) == 2_499 * 1_250)
  }
}
