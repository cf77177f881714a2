import Foundation
import PostgreSQL
import Synchronization

/// Writes rows as applications do: locks the object, writes it and its rows, and commits or rolls back.
final class RowWriter: Sendable {
  private let database: String
  private let stopped = Mutex(false)
  private let failure = Mutex<String?>(nil)
  private let done = DispatchSemaphore(value: 0)
  private let count: Int

  /// Starts so many writers.
  init(_ outbox: OutboxFixture, count: Int, seed: UInt64) throws {
    database = outbox.database
    self.count = count
    try outbox.execute(
      """
      create table objects (key text primary key, n int not null default 0);
      insert into objects select 'object-' || i from generate_series(1, 12) i;
      create table ledger (key text, n int, command_id uuid, primary key (key, n))
      """)
    for number in 0..<count {
      Thread.detachNewThread { [self] in
        write(seed &+ UInt64(number))
        done.signal()
      }
    }
  }

  /// Ends the writers; the error that one of them met.
  func stop() async -> String? {
    stopped.withLock { $0 = true }
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { [self] in
        for _ in 0..<count { done.wait() }
        continuation.resume()
      }
    }
    return failure.withLock { $0 }
  }

  /// A database that is away is waited for; a commit without an answer left a ledger that says what became of it.
  private func write(_ seed: UInt64) {
    var random = seed
    var connection: PostgreSQLConnection?
    while !stopped.withLock({ $0 }) {
      do {
        let session = try connection ?? PostgreSQLConnection(database)
        connection = session
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        try transaction(session, random >> 33)
      } catch let error as PostgreSQLError {
        connection = nil
        let isAway = error.isConnectionLost || error.sqlState == .cannotConnectNow
        if !isAway { failure.withLock { $0 = "\(error)" } }
      } catch {
        failure.withLock { $0 = "\(error)" }
      }
    }
  }

  private func transaction(_ session: PostgreSQLConnection, _ random: UInt64) throws {
    let key = "object-\(random % 12 + 1)"
    try session.execute("begin")
    for _ in 0..<(1 + random / 12 % 4) {
      let n = try session.query("update objects set n = n + 1 where key = $1 returning n", [.text(key)]).rows[
        0][0]
      try session.query(
        """
        with row as (insert into outbox (key, type, payload) values ($1, 'count', $2) returning command_id)
        insert into ledger select $1, $2::int, command_id from row
        """, [.text(key), .optionalText(n)])
    }
    if random / 48 % 5 == 0 { try session.execute("rollback") } else { try session.commit() }
  }
}
