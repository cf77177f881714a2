import PostgreSQL
import TestDatabase
import Testing

/// Tests on a real PostgreSQL, each with a database of its own.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct PostgreSQLTests {}

/// A connection to a database of one's own.
func connect() throws -> PostgreSQLConnection { try PostgreSQLConnection(try TestDatabase.make()) }

/// The error that `body` throws, or a failed test.
func postgreSQLError(
  _ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) throws -> PostgreSQLError {
  try #require(#expect(throws: PostgreSQLError.self, sourceLocation: sourceLocation) { try body() })
}
