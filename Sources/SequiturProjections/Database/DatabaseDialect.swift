/// Whose SQL it is.
public enum DatabaseDialect: String, Sendable, Hashable, CaseIterable {
  case postgreSQL = "postgres"
  case sqlite

  /// A name in quotes.
  func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }

  func quoted(_ table: ProjectionTable) -> String {
    (table.schema.map { quoted($0) + "." } ?? "") + quoted(table.name)
  }

  /// Whole numbers of 64 bits, bytes and moments, in the tables of positions.
  var wide: String { self == .postgreSQL ? "bigint" : "integer" }
  var bytes: String { self == .postgreSQL ? "bytea" : "blob" }
  var moment: String { self == .postgreSQL ? "timestamptz" : "text" }
  /// What a transaction's moment is.
  var now: String { self == .postgreSQL ? "now()" : "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')" }
  /// Text of a moment, in UTC.
  func text(ofMoment column: String) -> String {
    self == .postgreSQL
      ? "to_char(\(column) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')" : column
  }
  /// Behind the columns of a new table.
  var tableEnd: String { self == .postgreSQL ? "" : " strict" }
  /// Behind a query whose rows are to be kept from others until the transaction's end. SQLite has one writer anyway.
  var forUpdate: String { self == .postgreSQL ? " for update" : "" }
}
