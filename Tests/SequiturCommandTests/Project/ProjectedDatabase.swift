import Foundation
import PostgreSQL
import TestBroker
import TestDatabase

@testable import SequiturProjections

/// A database that `sequitur project` writes to, and that the test reads and troubles.
struct ProjectedDatabase: Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case postgreSQL, sqlite
  }

  let kind: Kind
  /// For `--database`.
  let address: String
  /// Of a server of the test's own, which it may stop.
  let server: DatabaseServer?

  /// Runs the body with an empty database, and removes it.
  ///
  /// - Parameter ownServer: whether PostgreSQL is started for this test alone.
  static func with<R>(
    _ kind: Kind, ownServer: Bool = false, _ body: (ProjectedDatabase) async throws -> R
  ) async throws -> R {
    switch kind {
    case .sqlite:
      return try await withFile("tables.db", Data()) { path in
        try await body(ProjectedDatabase(kind: kind, address: "sqlite:\(path)", server: nil))
      }
    case .postgreSQL where ownServer:
      let server = try DatabaseServer.start()
      defer { server.remove() }
      return try await body(
        ProjectedDatabase(kind: kind, address: try TestDatabase.make(on: server), server: server))
    case .postgreSQL:
      return try await body(ProjectedDatabase(kind: kind, address: try TestDatabase.make(), server: nil))
    }
  }

  /// All values of a query as text.
  func rows(_ query: String) throws -> [[String?]] {
    let database = try DatabaseAddress(address).database(for: .change)
    defer { database.close() }
    try database.connect()
    return try database.query(query).map { row in row.cells.indices.map { row.text($0) } }
  }

  func execute(_ statement: String) throws {
    let database = try DatabaseAddress(address).database(for: .change)
    defer { database.close() }
    try database.connect()
    try database.execute(statement)
  }

  /// A table's first two columns.
  func pairs(_ query: String) throws -> [String: String] {
    Dictionary(uniqueKeysWithValues: try rows(query).map { ($0[0] ?? "", $0[1] ?? "") })
  }
}
