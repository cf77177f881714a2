import Foundation
import PostgreSQL
import Synchronization
import TestBroker

/// The PostgreSQL server that database tests share, each with a database of its own.
///
/// ```swift
/// @Test(.enabled(if: TestDatabase.isAvailable))
/// func `a row is read back`() throws {
///   let connection = try PostgreSQLConnection(try TestDatabase.make())
///   …
/// }
/// ```
///
/// It is started once for each test process, with `wal_level=logical`, and removed at the process's end.
public enum TestDatabase {
  private static let shared = Mutex<Result<DatabaseServer, any Error>?>(nil)

  /// Whether database tests can run; says so loudly, once, when they cannot.
  public static let isAvailable: Bool = {
    if DatabaseServer.programs != nil { return true }
    let warning = """
      ################################################################################
      WARNING: every database test is SKIPPED: there is no PostgreSQL server.
      Run scripts/setup --with-broker.
      ################################################################################

      """
    FileHandle.standardError.write(Data(warning.utf8))
    return false
  }()

  /// The shared server; starts it on first use, which blocks for about two seconds.
  public static func server() throws -> DatabaseServer {
    try shared.withLock { shared in
      let started = shared ?? Result { try DatabaseServer.start(["wal_level": "logical"]) }
      shared = started
      return try started.get()
    }
  }

  /// Makes an empty database on the shared server; its connection string.
  public static func make() throws -> String { try make(on: try server()) }

  /// Makes an empty database on that server; its connection string.
  public static func make(on server: DatabaseServer) throws -> String {
    let name = "test_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    let connection = try PostgreSQLConnection(server.connectionString())
    try connection.execute("create database \(name) template template0")
    return server.connectionString(database: name)
  }
}
