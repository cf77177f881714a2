import Foundation
import SequiturOutbox
import TestBroker
import TestDatabase
import Testing

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
        let before = try outbox.ledger()
        let target = before + Int((seed >> UInt64(round % 48)) % 200)
        try await eventually("some rows more are written") { try outbox.ledger() >= target }
        relay.kill()
        try await relay.waitForExit(timeout: .seconds(60))
      }
      #expect(await writer.stop() == nil, "seed \(seed)")
      try await outbox.relay { $0.mode = mode }
      try await outbox.audit()
    }

    @Test(.enabled(if: PackageRoot.python != nil), arguments: modes)
    func `databases that crash under writers and relay leave one command for each row`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let server = try DatabaseServer.start(["wal_level": "logical"])
      defer { server.remove() }
      let run = try await RelayRun.start(try OutboxFixture(on: server), mode)
      defer { run.relay.kill() }
      for round in 0..<Self.rounds {
        try await run.waitForRows(round)
        server.stopImmediately()
        try server.startAgain()
      }
      try await run.settle(run.relay)
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
      let run = try await RelayRun.start(try OutboxFixture(), mode)
      defer {
        run.relay.kill()
        run.outbox.dropSlot()
      }
      for round in 0..<3 {
        try await run.waitForRows(round)
        let crash = try await RunningProgram.run(
          "/bin/bash", arguments: ["-c", try #require(Self.restart)], timeout: .seconds(180))
        #expect(crash.exit == .code(0), "\(crash.standardError)")
      }
      try await run.waitForRows(3)
      try await run.settle(run.relay)
    }

    @Test(.enabled(if: PackageRoot.python != nil), arguments: modes)
    func `relays that take over from one another under writers send each row once and in order`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let run = try await RelayRun.start(try OutboxFixture(), mode)
      defer { run.outbox.dropSlot() }
      var relay = run.relay
      defer { relay.kill() }
      for round in 0..<Self.rounds {
        try await run.waitForRows(round)
        let heir = try await run.outbox.start(["--mode", mode.rawValue, "--shards", "\(1 + round % 3)"])
        let former = relay
        relay = heir
        #expect(try await former.waitForExit(timeout: .seconds(90)).exit == .code(1))
      }
      try await run.settle(relay)
    }
  }
}
