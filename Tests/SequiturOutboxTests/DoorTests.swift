import Foundation
import PostgreSQL
import SequiturOutbox
import TestBroker
import TestDatabase
import Testing

extension SequiturOutboxTests {
  /// `--http`: what machines ask a relay.
  struct DoorTests {
    /// A relay with a door.
    private func start(
      _ outbox: OutboxFixture, _ mode: OutboxConfiguration.Mode
    ) async throws -> (program: RunningProgram, door: RelayDoor) {
      let program = try await outbox.start(["--mode", mode.rawValue] + RelayDoor.arguments)
      return (program, try RelayDoor(of: program))
    }

    @Test(arguments: OutboxConfiguration.Mode.allCases)
    func `a relay tells what it sent and parked, and how the database stands`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let outbox = try OutboxFixture()
      defer { outbox.dropSlot() }
      let (program, door) = try await start(outbox, mode)
      defer { program.kill() }
      try await door.wait()
      for key in ["a", "b", nil] { try outbox.insert(key) }
      try await eventually("the rows are counted") {
        let text = try await door.get("metrics").text
        return text.contains("sequitur_outbox_rows_sent_total 2\n")
          && text.contains("sequitur_outbox_rows_parked_total 1\n")
          && text.contains("sequitur_outbox_parked_rows{reason=\"no-key\"} 1\n")
      }
      let metrics = try await door.get("metrics").text
      for name in mode == .poll
        ? ["rows_waiting 0", "oldest_row_seconds 0"] : ["slot_pending_bytes", "slot_retained_bytes"]
      {
        #expect(metrics.contains("sequitur_outbox_\(name)"), "\(metrics)")
      }
      let status = try await door.get("status").text
      for part in [#""service":"outbox""#, #""sent":2"#, #""parked":1"#, #""ready":true"#] {
        #expect(status.contains(part), "\(status)")
      }
      program.terminate()
      #expect(try await program.waitForExit(timeout: .seconds(60)).exit == .code(0))
    }

    @Test(arguments: OutboxConfiguration.Mode.allCases)
    func `a relay whose database is away is alive and not ready, with the reason`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let server = try DatabaseServer.start(["wal_level": "logical"])
      defer { server.remove() }
      let (program, door) = try await start(try OutboxFixture(on: server), mode)
      defer { program.kill() }
      try await door.wait()
      server.stopImmediately()
      try await door.wait(untilReadyOr: "database-is-away")
      try server.startAgain()
      try await door.wait()
    }
  }
}
