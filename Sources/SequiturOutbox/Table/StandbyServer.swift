import PostgreSQL

/// A server that is not the primary: what it shows may be old, so rows that were sent and deleted would be sent again.
enum StandbyServer {
  /// - Throws: what the server itself says to a write (25006), when it is one.
  static func refuse(_ connection: PostgreSQLConnection) throws(PostgreSQLError) {
    if try connection.query("select pg_is_in_recovery()").rows[0][0] == "t" { throw error(connection.server) }
  }

  static func error(_ server: String) -> PostgreSQLError {
    var error = PostgreSQLError(
      kind: .other, operation: "relay from the primary", message: "the server is a standby",
      sqlState: .readOnlyTransaction)
    error.server = server
    return error
  }
}
