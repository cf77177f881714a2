/// Where a projection's tables are: `postgres://…`, `host=… dbname=…`, or `sqlite:PATH`.
///
/// Its description shows no password: of PostgreSQL it names nothing but the kind, since libpq may take the rest from
/// elsewhere; errors name the server.
public struct DatabaseAddress: Sendable, Hashable, CustomStringConvertible {
  public let dialect: DatabaseDialect
  private let text: String

  /// - Throws: a sentence for what is no address; it shows nothing of it, since it may hold a password.
  public init(_ address: String) throws(DatabaseFailure) {
    if address.hasPrefix("sqlite:") {
      dialect = .sqlite
      text = String(address.dropFirst("sqlite:".count))
      guard !text.isEmpty, !text.contains("\0") else {
        throw DatabaseFailure(
          .setup, code: nil, "Expected the path of a file behind sqlite:, but there is none")
      }
      return
    }
    dialect = .postgreSQL
    text = address
    guard address.hasPrefix("postgres://") || address.hasPrefix("postgresql://") || address.contains("=")
    else {
      throw DatabaseFailure(
        .setup, code: nil,
        "Expected a database as postgres://USER@HOST/NAME, as host=HOST dbname=NAME or as sqlite:PATH, but it is none of these"
      )
    }
  }

  public var description: String { dialect == .sqlite ? "sqlite:\(text)" : "PostgreSQL" }

  /// A connection that is not made yet.
  func database(for purpose: DatabasePurpose) -> any ProjectionDatabase {
    switch dialect {
    case .sqlite: SQLiteDatabase(path: text, for: purpose)
    case .postgreSQL: PostgreSQLDatabase(text)
    }
  }
}

/// What a database is opened for.
enum DatabasePurpose {
  /// To be looked at: nothing of it changes, and no file is made.
  case look
  /// To be written to, where it is.
  case change
  /// To be made, where it is not there yet.
  case make
}
