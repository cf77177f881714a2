/// The transaction that applies events, and moves the position with them.
///
/// It begins and ends by the projector: statements such as `commit` are refused.
public struct Transaction: ~Copyable {
  private let database: any ProjectionDatabase
  private let isForSetUp: Bool

  init(_ database: any ProjectionDatabase, isForSetUp: Bool = false) {
    self.database = database
    self.isForSetUp = isForSetUp
  }

  /// Whose SQL it is.
  public var dialect: DatabaseDialect { database.dialect }

  /// Runs a statement with parameters `$1`, `$2` …, which is prepared once.
  ///
  /// - Returns: how many rows it has changed.
  /// - Throws: ``DatabaseFailure``. In PostgreSQL no other statement of the transaction is taken after that.
  @discardableResult
  public mutating func execute(
    _ statement: String, _ parameters: [SQLValue] = []
  ) throws(DatabaseFailure) -> Int {
    try check(statement)
    return try database.execute(statement, parameters.map(\.cell))
  }

  /// The rows that a statement gives.
  ///
  /// - Throws: as ``execute(_:_:)``.
  public mutating func query(
    _ statement: String, _ parameters: [SQLValue] = []
  ) throws(DatabaseFailure) -> [ResultRow] {
    try check(statement)
    return try database.query(statement, parameters.map(\.cell))
  }

  private func check(_ statement: String) throws(DatabaseFailure) {
    guard !isForSetUp else { return }
    do throws(SQLTemplate.Fault) {
      try SQLTemplate.checkBeginning(of: statement)
    } catch {
      throw DatabaseFailure(.setup, code: nil, error.message)
    }
  }
}

/// A value for a statement's parameter.
public enum SQLValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  /// A text, or the text form of any type: PostgreSQL takes it for what the statement makes of it.
  case text(String)
  case bytes([UInt8])

  var cell: Cell {
    switch self {
    case .null: .null
    case .boolean(let value): .boolean(value)
    case .integer(let number): .integer(number)
    case .number(let number): .number("\(number)")
    case .text(let text): .text(text)
    case .bytes(let bytes): .bytes(bytes)
    }
  }
}

extension SQLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .text(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(nilLiteral: ()) { self = .null }
}
