import GRDB
import PostgreSQL

/// A database as an audit reads it: one snapshot, nothing changed.
final class AuditDatabase {
  private enum Connection {
    case postgreSQL(PostgreSQLConnection)
    case sqlite(DatabaseQueue)
  }

  private let connection: Connection

  /// Opens `postgres://…`, `host=… dbname=…` or `sqlite:PATH`, and begins the snapshot.
  init(_ address: String) throws(TableAuditFailure) {
    do {
      if address.hasPrefix("sqlite:") {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(10)
        let queue = try DatabaseQueue(
          path: String(address.dropFirst("sqlite:".count)), configuration: configuration)
        connection = .sqlite(queue)
        try queue.writeWithoutTransaction { try $0.execute(sql: "begin") }
      } else {
        let made = try PostgreSQLConnection(address, applicationName: "sequitur verify")
        connection = .postgreSQL(made)
        try made.execute("begin isolation level repeatable read read only")
      }
    } catch {
      throw TableAuditFailure("Expected to read the database, but \(error).")
    }
  }

  var isSQLite: Bool { if case .sqlite = connection { true } else { false } }

  func rows(_ query: String, _ parameters: [String] = []) throws(TableAuditFailure) -> [[String?]] {
    do {
      switch connection {
      case .postgreSQL(let connection):
        return try connection.query(query, parameters.map { .text($0) }).rows.map { Array($0.texts) }
      case .sqlite(let queue):
        return try queue.writeWithoutTransaction { database in
          try Row.fetchAll(database, sql: query, arguments: StatementArguments(parameters)).map { row in
            row.databaseValues.map(Self.text)
          }
        }
      }
    } catch {
      throw TableAuditFailure("Expected to read the database, but \(error).")
    }
  }

  func close() {
    switch connection {
    case .postgreSQL(let connection): connection.close()
    case .sqlite(let queue):
      _ = try? queue.writeWithoutTransaction { try $0.execute(sql: "rollback") }
      try? queue.close()
    }
  }

  private static func text(_ value: DatabaseValue) -> String? {
    switch value.storage {
    case .null: nil
    case .int64(let number): "\(number)"
    case .double(let number): "\(number)"
    case .string(let text): text
    case .blob(let data): AuditTableValue.hexadecimal(data)
    }
  }
}

/// Why a table cannot be audited: a sentence with its end.
package struct TableAuditFailure: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}
