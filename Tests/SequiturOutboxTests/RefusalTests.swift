import Foundation
import PostgreSQL
import SequiturOutbox
import TestBroker
import TestDatabase
import Testing

extension SequiturOutboxTests {
  /// What a relay meets at its start.
  struct RefusalTests {
    /// What is wrong, in which mode, and what is told.
    enum Wrong: CaseIterable {
      case password, role, databaseName, tableRights, parkedRights, replication, slotName, topic, logRights
    }

    private func arguments(_ outbox: OutboxFixture, _ wrong: Wrong) throws -> (
      words: [String], told: [String]
    ) {
      var outbox = outbox
      func role(_ rights: String) throws -> String {
        let role = TestBroker.uniqueName("relay").replacing("-", with: "_")
        try outbox.execute("create role \(role) login; \(rights.replacing("ROLE", with: role))")
        return outbox.database.replacing("user=postgres", with: "user=\(role)")
      }
      switch wrong {
      case .password:
        try outbox.execute(
          """
          do $$ begin
            if not exists (select from pg_roles where rolname = '\(DatabaseServer.roleWithPassword)') then
              create role \(DatabaseServer.roleWithPassword) login password 'right';
            end if;
          end $$
          """)
        outbox.database = outbox.database.replacing(
          "user=postgres", with: "user=\(DatabaseServer.roleWithPassword) password=wrong-one")
        return (outbox.arguments, ["password authentication failed", "PGPASSFILE"])
      case .role:
        outbox.database = outbox.database.replacing("user=postgres", with: "user=nobody_knows")
        return (outbox.arguments, ["nobody_knows", "pg_hba.conf"])
      case .databaseName:
        outbox.database = outbox.database.replacing("dbname=", with: "dbname=no_")
        return (outbox.arguments, ["does not exist", "--database"])
      case .tableRights:
        outbox.database = try role(
          "grant select on outbox to ROLE; grant select, insert on outbox_parked to ROLE")
        return (outbox.arguments, ["permission denied for table outbox", "--print --role"])
      case .parkedRights:
        outbox.database = try role(
          "grant select, delete on outbox to ROLE; grant select on outbox_parked to ROLE")
        return (outbox.arguments, ["permission denied for table outbox_parked", "--print --role"])
      case .replication:
        outbox.database = try role(try OutboxSchema(OutboxTable(), role: "ROLE").sql())
        return (outbox.arguments + ["--mode", "tail"], ["replication", "alter role"])
      case .slotName: return (outbox.arguments + ["--mode", "tail", "--slot", "No Slot"], ["No Slot"])
      case .topic:
        return (
          outbox.arguments + ["--commands-topic", "no-such-topic"], ["no-such-topic", "topics create"]
        )
      case .logRights:
        outbox.database = try role("alter role ROLE replication")
        return (
          outbox.arguments + ["--mode", "tail"], ["permission denied for table outbox_parked", "--role"]
        )
      }
    }

    @Test(arguments: Wrong.allCases)
    func `what waiting cannot cure ends a relay at its start, with what to do`(wrong: Wrong) async throws {
      let outbox = try OutboxFixture()
      defer { outbox.dropSlot() }
      let (words, told) = try arguments(outbox, wrong)
      let program = try RunningProgram.start(BuiltProgram.find("sequitur"), arguments: words)
      defer { program.kill() }
      let ended = try await program.waitForExit(timeout: .seconds(60))
      #expect(ended.exit == .code(2), "\(ended.standardError)")
      for text in told { #expect(ended.standardError.contains(text), "\(ended.standardError)") }
      #expect(!ended.standardError.contains("the database is away"))
      #expect(!ended.standardError.contains("wrong-one"))
    }

    @Test func `a log of too low a level ends a relay at its start`() async throws {
      let server = try DatabaseServer.start()
      defer { server.remove() }
      let outbox = try OutboxFixture(on: server)
      await #expect {
        try await outbox.relay { $0.mode = .tail }
      } throws: { error in
        (error as? OutboxFault)?.kind == .database && "\(error)".contains("Expected wal_level=logical")
      }
    }

    @Test(arguments: OutboxConfiguration.Mode.allCases)
    func `a database that is away at the start is waited for`(mode: OutboxConfiguration.Mode) async throws {
      let server = try DatabaseServer.start(["wal_level": "logical"])
      defer { server.remove() }
      let outbox = try OutboxFixture(on: server)
      server.stopImmediately()
      let program = try RunningProgram.start(
        BuiltProgram.find("sequitur"), arguments: outbox.arguments + ["--mode", mode.rawValue])
      defer { program.kill() }
      try await program.waitForOutput(containing: "the database is away", timeout: .seconds(60))
      try server.startAgain()
      try await program.waitForOutput(containing: "the outbox is served", timeout: .seconds(60))
      try outbox.insert("a")
      try await eventually("the row is sent") { try outbox.commands().count == 1 }
      program.terminate()
      #expect(try await program.waitForExit(timeout: .seconds(60)).exit == .code(0))
    }

    @Test func `brokers that are away at the start are waited for`() async throws {
      var words = try OutboxFixture().arguments
      words[words.firstIndex(of: "--bootstrap-servers")! + 1] = "127.0.0.1:\(try FreePort.find())"
      let program = try RunningProgram.start(BuiltProgram.find("sequitur"), arguments: words)
      defer { program.kill() }
      try await program.waitForOutput(containing: "the brokers do not answer", timeout: .seconds(60))
      program.terminate()
      #expect(try await program.waitForExit(timeout: .seconds(60)).exit == .code(0))
    }

    /// A standby that lags still shows rows that were sent and deleted on the primary.
    @Test(arguments: OutboxConfiguration.Mode.allCases)
    func `a standby is not relayed from, and one that becomes the primary is`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let server = try DatabaseServer.start(["wal_level": "logical"])
      defer { server.remove() }
      let outbox = try OutboxFixture(on: server)
      if mode == .poll { try outbox.insert("a") }
      try server.becomeStandby()
      let program = try RunningProgram.start(
        BuiltProgram.find("sequitur"), arguments: outbox.arguments + ["--mode", mode.rawValue])
      defer { program.kill() }
      try await program.waitForOutput(containing: "the database is a standby", timeout: .seconds(60))
      #expect(try outbox.commands().isEmpty)
      try outbox.execute("select pg_promote()")
      try await program.waitForOutput(containing: "the outbox is served", timeout: .seconds(60))
      try outbox.insert("b")
      try await eventually("the rows are sent") { try outbox.commands().count == (mode == .poll ? 2 : 1) }
    }
  }
}
