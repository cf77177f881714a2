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
  /// Kills with -9 wherever it may come. `SEQUITUR_OUTBOX_ROUNDS=500` for a night, `SEQUITUR_OUTBOX_MODE=tail` for one mode.
  struct CrashTests {
    private static let rounds =
      ProcessInfo.processInfo.environment["SEQUITUR_OUTBOX_ROUNDS"].flatMap { Int($0) } ?? 6

    private static let modes =
      ProcessInfo.processInfo.environment["SEQUITUR_OUTBOX_MODE"].flatMap {
        OutboxConfiguration.Mode(rawValue: $0)
      }
      .map { [$0] } ?? OutboxConfiguration.Mode.allCases

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

    @Test(.enabled(if: PackageRoot.python != nil), arguments: modes)
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

    /// An outbox with writers, and a relay beside them.
    private struct Run {
      let outbox: OutboxFixture
      let seed: UInt64
      let writer: RowWriter
      let mode: OutboxConfiguration.Mode
      let relay: RunningProgram
    }

    private func run(_ outbox: OutboxFixture, _ mode: OutboxConfiguration.Mode) async throws -> Run {
      // The log is read from the first start on.
      try await outbox.relay { $0.mode = mode }
      let seed = UInt64.random(in: 0 ... .max)
      return Run(
        outbox: outbox, seed: seed, writer: try RowWriter(outbox, count: 2, seed: seed), mode: mode,
        relay: try await outbox.start(["--mode", mode.rawValue]))
    }

    /// Ends writers and relay, sends the rest, and audits.
    private func settle(_ run: Run, _ relay: RunningProgram) async throws {
      #expect(await run.writer.stop() == nil, "seed \(run.seed)")
      relay.terminate()
      #expect(try await relay.waitForExit(timeout: .seconds(90)).exit == .code(0))
      try await run.outbox.relay { $0.mode = run.mode }
      try await audit(run.outbox)
    }

    private func waitForRows(_ run: Run, _ round: Int) async throws {
      let target = try ledger(run.outbox) + 50 + Int((run.seed >> UInt64(round % 48)) % 200)
      try await eventually("some rows more are written") { try ledger(run.outbox) >= target }
    }

    @Test(.enabled(if: PackageRoot.python != nil), arguments: modes)
    func `databases that crash under writers and relay leave one command for each row`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let server = try DatabaseServer.start(["wal_level": "logical"])
      defer { server.remove() }
      let run = try await run(try OutboxFixture(on: server), mode)
      defer { run.relay.kill() }
      for round in 0..<Self.rounds {
        try await waitForRows(run, round)
        server.stopImmediately()
        try server.startAgain()
      }
      try await settle(run, run.relay)
    }

    @Test(
      .enabled(if: PackageRoot.python != nil), .enabled(if: BrokerProcess.isInstalled),
      arguments: modes)
    func `brokers that stand still under writers and relay leave one command for each row`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let broker = try BrokerProcess.start()
      defer { broker.kill() }
      let run = try await run(try OutboxFixture(bootstrap: broker.bootstrap), mode)
      defer {
        run.relay.kill()
        run.outbox.dropSlot()
      }
      try await waitForRows(run, 0)
      broker.suspend()
      try await run.relay.waitForOutput(containing: "the brokers do not answer", timeout: .seconds(120))
      try await waitForRows(run, 1)
      broker.resume()
      try await run.relay.waitForOutput(containing: "the outbox goes on", timeout: .seconds(120))
      try await waitForRows(run, 2)
      try await settle(run, run.relay)
    }

    /// A command that kills the broker of `SEQUITUR_TEST_BOOTSTRAP` and starts it again with its data.
    private static let restart = ProcessInfo.processInfo.environment["SEQUITUR_TEST_BROKER_CRASH"]

    @Test(
      .enabled(if: restart != nil, "it takes a broker that may be killed"),
      .enabled(if: PackageRoot.python != nil),
      arguments: modes)
    func `brokers that are killed and started again leave one command for each row`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let run = try await run(try OutboxFixture(), mode)
      defer {
        run.relay.kill()
        run.outbox.dropSlot()
      }
      for round in 0..<3 {
        try await waitForRows(run, round)
        let crash = try await RunningProgram.run(
          "/bin/bash", arguments: ["-c", try #require(Self.restart)], timeout: .seconds(180))
        #expect(crash.exit == .code(0), "\(crash.standardError)")
      }
      try await waitForRows(run, 3)
      try await settle(run, run.relay)
    }

    @Test(.enabled(if: PackageRoot.python != nil), arguments: modes)
    func `relays that take over from one another under writers send each row once and in order`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let run = try await run(try OutboxFixture(), mode)
      defer { run.outbox.dropSlot() }
      var relay = run.relay
      defer { relay.kill() }
      for round in 0..<Self.rounds {
        try await waitForRows(run, round)
        let heir = try await run.outbox.start(["--mode", mode.rawValue, "--shards", "\(1 + round % 3)"])
        let former = relay
        relay = heir
        #expect(try await former.waitForExit(timeout: .seconds(90)).exit == .code(1))
      }
      try await settle(run, relay)
    }
  }
}
