import Foundation
import PostgreSQL
import SequiturOutbox
import TestBroker
import Testing

/// An outbox with writers, and a relay beside them.
struct RelayRun {
  let outbox: OutboxFixture
  let seed: UInt64
  let writer: RowWriter
  let mode: OutboxConfiguration.Mode
  let relay: RunningProgram

  static func start(
    _ outbox: OutboxFixture, _ mode: OutboxConfiguration.Mode, _ more: [String] = []
  ) async throws -> RelayRun {
    // The log is read from the first start on.
    try await outbox.relay { $0.mode = mode }
    let seed = UInt64.random(in: 0 ... .max)
    return RelayRun(
      outbox: outbox, seed: seed, writer: try RowWriter(outbox, count: 2, seed: seed), mode: mode,
      relay: try await outbox.start(["--mode", mode.rawValue] + more))
  }

  func waitForRows(_ round: Int) async throws {
    let target = try outbox.ledger() + 50 + Int((seed >> UInt64(round % 48)) % 200)
    try await eventually("some rows more are written") { try outbox.ledger() >= target }
  }

  /// Ends writers and relay, sends the rest, and audits.
  func settle(_ relay: RunningProgram) async throws {
    #expect(await writer.stop() == nil, "seed \(seed)")
    relay.terminate()
    #expect(try await relay.waitForExit(timeout: .seconds(90)).exit == .code(0))
    try await outbox.relay { $0.mode = mode }
    try await outbox.audit()
  }
}

extension OutboxFixture {
  /// How many rows the writers have committed.
  func ledger() throws -> Int { Int(try value("select count(*) from ledger") ?? "") ?? 0 }

  /// Every committed row one command, in order, and nothing else: by a program that knows nothing of the relay.
  func audit() async throws {
    let rows = try connect().query("select key || E'\\t' || command_id from ledger order by key, n")
    let text = rows.rows.map { ($0[0] ?? "") + "\n" }.joined()
    #expect(rows.rowCount > 100)
    let script = PackageRoot.url.appending(path: "Tests/SequiturOutboxTests/outbox_audit.py").path
    let python = try #require(PackageRoot.python)
    let result = try await RunningProgram.run(
      python.path, arguments: [script, bootstrap, topic], standardInput: .data(Data(text.utf8)),
      timeout: .seconds(180))
    #expect(result.exit == .code(0), "\(result.standardOutput)\(result.standardError)")
  }
}
