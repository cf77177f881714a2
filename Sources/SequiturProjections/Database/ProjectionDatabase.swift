/// One connection to a database that keeps tables and positions.
///
/// Thread rule: one thread at a time. Statements have parameters `$1`, `$2` …, which stand in them in this order.
///
/// A failure of kind `.connection` leaves it unconnected; what a transaction had done is undone then, unless the failure is
/// that of ``commit()``: whether that was done must be looked up.
protocol ProjectionDatabase: AnyObject {
  var dialect: DatabaseDialect { get }
  /// How messages name it; without a password.
  var address: String { get }

  /// Connects, if it is not connected.
  func connect() throws(DatabaseFailure)
  func close()

  func begin() throws(DatabaseFailure)
  func commit() throws(DatabaseFailure)
  /// Undoes the transaction; drops the connection where that is the only way.
  func rollBack()

  /// The rows that a statement gives.
  func query(_ statement: String, _ parameters: [Cell]) throws(DatabaseFailure) -> [ResultRow]
  /// How many rows a statement has changed.
  @discardableResult
  func execute(_ statement: String, _ parameters: [Cell]) throws(DatabaseFailure) -> Int
  /// Does the steps in their order.
  ///
  /// - Returns: how many updates and deletions met no row.
  func apply(
    _ steps: [BatchFolder.Step], of rows: borrowing RowBuffer, to table: ProjectionTable?
  ) throws(DatabaseFailure) -> Int
  /// Has a statement prepared and not run.
  func check(_ statement: String) throws(DatabaseFailure)
  /// Has one of each statement prepared that changes rows of these shapes.
  func check(_ shape: RowChange.Shape, of table: ProjectionTable) throws(DatabaseFailure)
  /// Makes deferred constraints be judged now.
  func judgeConstraints() throws(DatabaseFailure)
  /// Takes the primary key off a table, until the transaction's end at most, so that many rows come into it sooner. Whoever
  /// wants the table waits meanwhile.
  ///
  /// - Returns: what ``attach(_:to:)`` puts on again; nil: the table keeps its key.
  func detachKey(of table: ProjectionTable) throws(DatabaseFailure) -> DetachedKey?
  /// Takes its time: the rows are sorted.
  func attach(_ key: DetachedKey, to table: ProjectionTable) throws(DatabaseFailure)
}

/// A primary key that was taken off, in the database's words.
struct DetachedKey {
  let name: String
  let definition: String
}

extension ProjectionDatabase {
  func query(_ statement: String) throws(DatabaseFailure) -> [ResultRow] { try query(statement, []) }
  @discardableResult
  func execute(_ statement: String) throws(DatabaseFailure) -> Int { try execute(statement, []) }

  func detachKey(of table: ProjectionTable) throws(DatabaseFailure) -> DetachedKey? { nil }
  func attach(_ key: DetachedKey, to table: ProjectionTable) throws(DatabaseFailure) {}

  /// Runs the body in a transaction of its own.
  func transaction<Result>(_ body: () throws -> Result) throws -> Result {
    try connect()
    try begin()
    do {
      let result = try body()
      try commit()
      return result
    } catch {
      rollBack()
      throw error
    }
  }
}

/// A row that a statement gave; columns are counted from 0.
public struct ResultRow: Sendable, Hashable {
  /// Of PostgreSQL all is text.
  let cells: [Cell]

  /// The value as text; nil for NULL.
  public func text(_ column: Int) -> String? { cells[column].literal }

  /// The value as a whole number; nil for NULL and for what is none.
  public func integer(_ column: Int) -> Int64? {
    if case .integer(let number) = cells[column] { return number }
    return cells[column].literal.flatMap { Int64($0) }
  }

  /// The value of a column of bytes; of one of text its UTF-8. Nil for NULL.
  public func bytes(_ column: Int) -> [UInt8]? {
    switch cells[column] {
    case .null: return nil
    case .bytes(let bytes): return bytes
    case .boolean, .integer, .number: return nil
    case .text(let text):
      guard text.hasPrefix("\\x") else { return Array(text.utf8) }
      let digits = Array(text.utf8.dropFirst(2))
      return stride(from: 0, to: digits.count - 1, by: 2).map { index in
        Self.digit(digits[index]) << 4 | Self.digit(digits[index + 1])
      }
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8 {
    byte <= UInt8(ascii: "9") ? byte - UInt8(ascii: "0") : (byte | 0x20) - UInt8(ascii: "a") + 10
  }
}
