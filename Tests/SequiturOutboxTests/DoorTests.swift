import Foundation
import PostgreSQL
import SequiturOutbox
import TestBroker
import TestDatabase
import Testing

extension SequiturOutboxTests {
  /// `--http`: what machines ask a relay.
  struct DoorTests {
    /// A relay with a door, and where that is.
    private func start(
      _ outbox: OutboxFixture, _ mode: OutboxConfiguration.Mode
    ) async throws -> (program: RunningProgram, url: String) {
      let program = try await outbox.start([
        "--mode", mode.rawValue, "--http", "127.0.0.1:0", "--log-level", "info",
      ])
      let url = program.output.standardError.firstMatch(of: /url=(http:\/\/[0-9.:]+)/)
      return (program, String(try #require(url).1))
    }

    private func get(_ url: String) async throws -> (status: String, text: String) {
      let answer = try await RunningProgram.run("curl", arguments: ["-s", "-w", "%{http_code}", url])
      return (String(answer.standardOutput.suffix(3)), String(answer.standardOutput.dropLast(3)))
    }

    @Test(arguments: OutboxConfiguration.Mode.allCases)
    func `a relay tells what it sent and parked, and how the database stands`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let outbox = try OutboxFixture()
      defer { outbox.dropSlot() }
      let (program, url) = try await start(outbox, mode)
      defer { program.kill() }
      #expect(try await get("\(url)/live").status == "200")
      try await eventually("the relay is ready") { try await get("\(url)/ready").status == "200" }
      for key in ["a", "b", nil] { try outbox.insert(key) }
      try await eventually("the rows are counted") {
        let text = try await get("\(url)/metrics").text
        return text.contains("sequitur_outbox_rows_sent_total 2\n")
          && text.contains("sequitur_outbox_rows_parked_total 1\n")
          && text.contains("sequitur_outbox_parked_rows{reason=\"no-key\"} 1\n")
      }
      let metrics = try await get("\(url)/metrics").text
      for name in mode == .poll
        ? ["rows_waiting 0", "oldest_row_seconds 0"] : ["slot_pending_bytes", "slot_retained_bytes"]
      {
        #expect(metrics.contains("sequitur_outbox_\(name)"), "\(metrics)")
      }
      let status = try await get("\(url)/status").text
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
      let (program, url) = try await start(try OutboxFixture(on: server), mode)
      defer { program.kill() }
      try await eventually("the relay is ready") { try await get("\(url)/ready").status == "200" }
      server.stopImmediately()
      try await eventually("the relay is not ready") { try await get("\(url)/ready").status == "503" }
      #expect(try await get("\(url)/ready").text.contains("database-is-away"))
      #expect(try await get("\(url)/live").status == "200")
      #expect(try await get("\(url)/metrics").text.contains("sequitur_outbox_ready 0\n"))
      try server.startAgain()
      try await eventually("the relay is ready again") { try await get("\(url)/ready").status == "200" }
    }
  }
}
