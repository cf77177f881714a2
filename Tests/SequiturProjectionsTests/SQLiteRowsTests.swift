import Foundation
import SeededRandom
import Testing

@testable import SequiturProjections

/// Rows in a file of SQLite's.
@Suite struct SQLiteRowsTests {
  static let table = """
    projection: p
    table: {name: t, key: {k: $key}, columns: {a: bigint, b: bigint, c: bigint, d: bigint}}
    events: {e: delete}
    """

  private func withDatabase<R>(_ body: (SQLiteDatabase) throws -> R) throws -> R {
    let path = FileManager.default.temporaryDirectory.appending(path: "rows-\(UUID().uuidString)")
    defer {
      for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path.path + end) }
    }
    let database = SQLiteDatabase(path: path.path, for: .make)
    try database.connect()
    defer { database.close() }
    return try body(database)
  }

  @Test func `rows are what the model says, folded and one by one`() throws {
    let definition = try Orders.definition(Self.table)
    try withDatabase { database in
      for statement in ProjectionSchema.statements(definition, .sqlite) { try database.execute(statement) }
      var random = SplitMix64(seed: 240)
      var model = ModelTable()
      for round in 0..<300 {
        let changes = FoldingTests.randomChanges(&random, count: 20, keys: 6, inserts: false)
        for change in changes { model.apply(change) }
        try database.begin()
        _ = try database.apply(changes, to: definition.table)
        try database.commit()
        var rows: [[Cell]: [Int: Cell]] = [:]
        for row in try database.query("select k, a, b, c, d from t") {
          rows[[row.cells[0]]] = Dictionary(
            uniqueKeysWithValues: row.cells.enumerated().dropFirst().filter { $0.element != .null }.map {
              ($0.offset, $0.element)
            })
        }
        #expect(rows == model.rows.mapValues { $0.filter { $0.value != .null } }, "seed 240, round \(round)")
      }
    }
  }

  @Test func `a constraint is the event's fault, and a missing table is not`() throws {
    let definition = try Orders.definition(Self.table)
    try withDatabase { database in
      let insert = [RowChange(.insert, key: [.text("x")])]
      let missing = try #require(throws: DatabaseFailure.self) {
        try database.apply(insert, to: definition.table)
      }
      #expect(missing.kind == .setup && missing.description.contains("no such table"), "\(missing)")
      for statement in ProjectionSchema.statements(definition, .sqlite) { try database.execute(statement) }
      #expect(try database.apply(insert, to: definition.table) == 0)
      let twice = try #require(throws: DatabaseFailure.self) {
        try database.apply(insert, to: definition.table)
      }
      #expect(twice.kind == .data && twice.description.contains("UNIQUE"), "\(twice)")
      let absent = [RowChange(.delete, key: [.text("y")])]
      #expect(try database.apply(absent, to: definition.table) == 1)
    }
  }

  @Test func `a boolean is 1 or 0, in a column and as a statement's parameter`() throws {
    let definition = try Orders.definition(
      """
      projection: p
      table: {name: t, key: {k: $key}, columns: {ok: boolean}}
      events: {e: {upsert: {ok: ok}, sql: "update t set ok = not :ok"}}
      """)
    try withDatabase { database in
      for statement in ProjectionSchema.statements(definition, .sqlite) { try database.execute(statement) }
      var work = BatchWork(definition)
      let change = try work.change(Orders.event("e", #"{"ok":true}"#))
      let steps = work.folder.steps(for: [change], &work.rows)
      _ = try database.apply(steps, of: work.rows, to: definition.table)
      #expect(try database.query("select ok from t")[0].integer(0) == 0)
    }
  }

  @Test func `parameters go where their numbers stand`() throws {
    try withDatabase { database in
      let row = try database.query("select $1, $2, $1, $3", [.integer(1), .text("b"), .bytes([0, 1])])[0]
      #expect(row.integer(0) == 1 && row.text(1) == "b" && row.integer(2) == 1 && row.bytes(3) == [0, 1])
    }
  }

  @Test func `a transaction waits for nobody's commit but its own`() throws {
    try withDatabase { database in
      try database.execute("create table n (n integer) strict")
      try database.begin()
      try database.execute("insert into n values (1)")
      database.rollBack()
      #expect(try database.query("select count(*) from n")[0].integer(0) == 0)
      database.rollBack()
      try database.begin()
      try database.execute("insert into n values (2)")
      try database.commit()
      #expect(try database.query("select n from n")[0].integer(0) == 2)
    }
  }
}
