import Foundation
import GRDB

/// A file of SQLite's, in WAL mode.
///
/// One writer: a transaction takes the write lock at its beginning (`begin immediate`) and waits for others' up to a bound.
final class SQLiteDatabase: ProjectionDatabase {
  let dialect = DatabaseDialect.sqlite
  let address: String
  private let path: String
  private let purpose: DatabasePurpose
  private var queue: DatabaseQueue?

  init(path: String, for purpose: DatabasePurpose) {
    self.path = path
    self.purpose = purpose
    address = "sqlite:\(path)"
  }

  func connect() throws(DatabaseFailure) {
    guard queue == nil else { return }
    // SQLite makes a file that is not there, and so would hide a wrong path.
    guard purpose == .make || access(path, F_OK) == 0 || errno != ENOENT else {
      throw DatabaseFailure(
        .setup, code: nil,
        "Expected to open the database \(address), but there is no such file. Make it with --create-tables")
    }
    var configuration = Configuration()
    if purpose != .look { configuration.journalMode = .wal }
    configuration.busyMode = .timeout(ProjectionLimits.lockWait / .seconds(1))
    // A transaction lasts over several calls.
    configuration.allowsUnsafeTransactions = true
    let path = path
    queue = try failing("open the database") { try DatabaseQueue(path: path, configuration: configuration) }
  }

  func close() {
    try? queue?.close()
    queue = nil
  }

  func begin() throws(DatabaseFailure) { try execute(purpose == .look ? "begin" : "begin immediate") }

  func commit() throws(DatabaseFailure) { try execute("commit") }

  func rollBack() {
    guard let queue else { return }
    let isDone = try? queue.writeWithoutTransaction { database in
      if database.isInsideTransaction { try database.execute(sql: "rollback") }
      return true
    }
    if isDone == nil { close() }
  }

  func query(_ statement: String, _ parameters: [Cell]) throws(DatabaseFailure) -> [ResultRow] {
    try on("run a query") { database in
      let prepared = try database.cachedStatement(sql: statement)
      prepared.arguments = Self.arguments(parameters)
      let count = prepared.columnCount
      return try Row.fetchAll(prepared).map { row in
        ResultRow(cells: (0..<count).map { Self.cell(row[$0]) })
      }
    }
  }

  func execute(_ statement: String, _ parameters: [Cell]) throws(DatabaseFailure) -> Int {
    try on("run a statement") { database in
      try Self.run(statement, Self.arguments(parameters), in: database)
    }
  }

  func apply(
    _ steps: [BatchFolder.Step], of rows: borrowing RowBuffer, to table: ProjectionTable?
  ) throws(DatabaseFailure) -> Int {
    var unmatched = 0
    for step in steps {
      switch step {
      case .rows(let group):
        guard let table else { continue }
        let changes = group.rows.map { rows.change($0) }
        unmatched += try on("change rows") { database in
          let sql = Self.statement(group.shape, table)
          let columns = Self.columns(group.shape, table)
          return try changes.reduce(0) { sum, row in
            let values = zip(Self.cells(row), columns).map { Self.value($0, table.columns[$1].type.kind) }
            let changed = try Self.run(sql, StatementArguments(values), in: database)
            return changed == 0 && group.shape.expectsRow ? sum + 1 : sum
          }
        }
      case .statement(let statement):
        _ = try execute(statement.template.statement, statement.parameters)
      }
    }
    return unmatched
  }

  func check(_ statement: String) throws(DatabaseFailure) {
    try on("prepare a statement") { database in _ = try database.makeStatement(sql: statement) }
  }

  func check(_ shape: RowChange.Shape, of table: ProjectionTable) throws(DatabaseFailure) {
    if let column = shape.increments.map({ table.columns[$0] }).first(where: { $0.type.kind == .numeric }) {
      throw DatabaseFailure(
        .setup, code: nil,
        "Expected to add to the column \(column.name) exactly, but SQLite has no exact numbers beyond 64 bits. Declare it as "
          + "bigint, or as double precision")
    }
    try check(Self.statement(shape, table))
  }

  func judgeConstraints() {}

  // MARK: Statements

  /// Keys first, then what is set, then what is added.
  private static func columns(_ shape: RowChange.Shape, _ table: ProjectionTable) -> [Int] {
    switch shape.kind {
    case .upsert, .insert, .delete: Array(table.keyColumns) + shape.sets + shape.increments
    case .update: shape.sets + shape.increments + Array(table.keyColumns)
    }
  }

  private static func cells(_ row: RowChange) -> [Cell] {
    switch row.shape.kind {
    case .upsert, .insert, .delete: row.key + row.sets + row.increments
    case .update: row.sets + row.increments + row.key
    }
  }

  private static func statement(_ shape: RowChange.Shape, _ table: ProjectionTable) -> String {
    let dialect = DatabaseDialect.sqlite
    func names(_ columns: some Sequence<Int>) -> [String] {
      columns.map { dialect.quoted(table.columns[$0].name) }
    }
    let name = dialect.quoted(table)
    let key = names(table.keyColumns)
    let isKey = key.map { "\($0) = ?" }.joined(separator: " and ")
    let insert = { () -> String in
      let all = names(columns(shape, table))
      let marks = Array(repeating: "?", count: all.count).joined(separator: ", ")
      return "insert into \(name) (\(all.joined(separator: ", "))) values (\(marks))"
    }
    switch shape.kind {
    case .insert: return insert()
    case .upsert:
      let sets =
        names(shape.sets).map { "\($0) = excluded.\($0)" }
        + names(shape.increments).map { "\($0) = coalesce(\($0), 0) + excluded.\($0)" }
      let action = sets.isEmpty ? "nothing" : "update set \(sets.joined(separator: ", "))"
      return "\(insert()) on conflict (\(key.joined(separator: ", "))) do \(action)"
    case .update:
      let sets =
        names(shape.sets).map { "\($0) = ?" }
        + names(shape.increments).map { "\($0) = coalesce(\($0), 0) + ?" }
      return "update \(name) set \(sets.joined(separator: ", ")) where \(isKey)"
    case .delete: return "delete from \(name) where \(isKey)"
    }
  }

  private static func run(
    _ statement: String, _ arguments: StatementArguments, in database: Database
  ) throws -> Int {
    let prepared = try database.cachedStatement(sql: statement)
    let before = database.totalChangesCount
    try prepared.execute(arguments: arguments)
    return database.totalChangesCount - before
  }

  // MARK: Values

  private static func arguments(_ cells: [Cell]) -> StatementArguments {
    StatementArguments(cells.map { value($0, .other) })
  }

  /// A number that is no whole one is a double for a column of doubles, and else its text, with all its digits.
  private static func value(_ cell: Cell, _ kind: ColumnType.Kind) -> DatabaseValue {
    switch cell {
    case .null: .null
    case .boolean(let value): value.databaseValue
    case .integer(let number): number.databaseValue
    case .number(let text): kind == .double ? (Double(text) ?? 0).databaseValue : text.databaseValue
    case .text(let text): text.databaseValue
    case .bytes(let bytes): Data(bytes).databaseValue
    }
  }

  private static func cell(_ value: DatabaseValue) -> Cell {
    switch value.storage {
    case .null: .null
    case .int64(let number): .integer(number)
    case .double(let number): .number("\(number)")
    case .string(let text): .text(text)
    case .blob(let data): .bytes(Array(data))
    }
  }

  // MARK: Failures

  private func on<Result>(
    _ operation: String, _ body: (Database) throws -> Result
  ) throws(DatabaseFailure) -> Result {
    guard let queue else {
      throw DatabaseFailure(.connection, code: nil, "Expected to \(operation), but \(address) is not open")
    }
    return try failing(operation) { try queue.writeWithoutTransaction(body) }
  }

  private func failing<Result>(
    _ operation: String, _ body: () throws -> Result
  ) throws(DatabaseFailure) -> Result {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw DatabaseFailure(
        Self.kind(error), code: "\(error.extendedResultCode)",
        "Expected to \(operation) in \(address), but \(error.message ?? "it failed") (\(error.extendedResultCode))"
      )
    } catch {
      throw DatabaseFailure(.trouble, code: nil, "Expected to \(operation) in \(address), but \(error)")
    }
  }

  private static func kind(_ error: DatabaseError) -> DatabaseFailure.Kind {
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_INTERRUPT: .conflict
    case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG: .data
    // A missing table or column, or a statement that is none.
    case .SQLITE_ERROR, .SQLITE_AUTH, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_NOTADB,
      .SQLITE_RANGE:
      .setup
    default: .trouble
    }
  }
}

extension RowChange.Shape {
  /// Whether the row should be there.
  var expectsRow: Bool { kind == .update || kind == .delete }
}
