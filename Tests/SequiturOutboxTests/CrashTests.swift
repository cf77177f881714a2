import Foundation
import PostgreSQL
import SequiturOutbox
import Synchronization
import TestBroker
import TestDatabase
import Testing

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

extension SequiturOutboxTests {
  /// Kills with -9 wherever it may come. `SEQUITUR_OUTBOX_ROUNDS=500` for a night.
  struct CrashTests {
    private static let rounds =
      ProcessInfo.processInfo.environment["SEQUITUR_OUTBOX_ROUNDS"].flatMap { Int($0) } ?? 6

    /// Every committed row one command, in order, and nothing else: by a program that knows nothing of the relay.
    private func audit(_ outbox: OutboxFixture) async throws {
      let rows = try outbox.connect().query("select key || E'\\t' || command_id from ledger order by key, n")
      let text = rows.rows.map { ($0[0] ?? "") + "\n" }.joined()
      #expect(rows.rowCount > 100)
      let script = PackageRoot.url.appending(path: "Tests/SequiturOutboxTests/outbox_audit.py").path
      let python = try #require(PackageRoot.python)
      let result = try await RunningProgram.run(
        python.path, arguments: [script, outbox.bootstrap, outbox.topic],
        standardInput: .data(Data(text.utf8)),
        timeout: .seconds(180))
      #expect(result.exit == .code(0), "\(result.standardOutput)\(result.standardError)")
    }

    private func ledger(_ outbox: OutboxFixture) throws -> Int {
      Int(try outbox.value("select count(*) from ledger") ?? "") ?? 0
    }

    @Test(.enabled(if: PackageRoot.python != nil), arguments: OutboxConfiguration.Mode.allCases)
    func `relays that are killed again and again send each row once and in order`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let outbox = try OutboxFixture()
      // The log is read from the first start on.
      try await outbox.relay { $0.mode = mode }
      defer { outbox.dropSlot() }
      let seed = UInt64.random(in: 0 ... .max)
      let writer = try RowWriter(outbox, count: 2, seed: seed)
      for round in 0..<Self.rounds {
        let relay = try await outbox.start(["--mode", mode.rawValue, "--shards", "\(1 + round % 3)"])
        let before = try ledger(outbox)
        let target = before + Int((seed >> UInt64(round % 48)) % 200)
        try await eventually("some rows more are written") { try ledger(outbox) >= target }
        relay.kill()
        try await relay.waitForExit(timeout: .seconds(60))
      }
      #expect(await writer.stop() == nil, "seed \(seed)")
      try await outbox.relay { $0.mode = mode }
      try await audit(outbox)
    }

    @Test(.enabled(if: PackageRoot.python != nil))
    func `databases that crash under writers and relay leave one command for each row`() async throws {
      let server = try DatabaseServer.start()
      defer { server.remove() }
      let outbox = try OutboxFixture(on: server)
      let seed = UInt64.random(in: 0 ... .max)
      let writer = try RowWriter(outbox, count: 2, seed: seed)
      let relay = try await outbox.start()
      defer { relay.kill() }
      for round in 0..<Self.rounds {
        let target = try ledger(outbox) + 50 + Int((seed >> UInt64(round % 48)) % 200)
        try await eventually("some rows more are written") { try ledger(outbox) >= target }
        server.stopImmediately()
        try server.startAgain()
      }
      #expect(await writer.stop() == nil, "seed \(seed)")
      try await eventually("all rows are sent") { try outbox.value("select count(*) from outbox") == "0" }
      relay.terminate()
      #expect(try await relay.waitForExit(timeout: .seconds(60)).exit == .code(0))
      try await audit(outbox)
    }
  }
}
