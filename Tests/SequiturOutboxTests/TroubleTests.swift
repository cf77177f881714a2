import Foundation
import PostgreSQL
import SequiturOutbox
import TestBroker
import TestDatabase
import Testing

extension SequiturOutboxTests {
  struct TroubleTests {
    /// Waits until the rows are gone.
    private func sent(_ outbox: OutboxFixture) async throws {
      try await eventually("all rows are sent") { try outbox.value("select count(*) from outbox") == "0" }
    }

    @Test func `rows that another transaction holds locked are sent once, and that is told`() async throws {
      let outbox = try OutboxFixture()
      for n in 0..<3 { try outbox.insert("k", "t", "\(n)") }
      let other = try outbox.connect()
      try other.execute("begin")
      try other.execute("select * from outbox where payload = '1' for update")
      let program = try await outbox.start()
      defer { program.kill() }
      try await program.waitForOutput(
        containing: "another transaction holds rows locked", timeout: .seconds(60))
      try other.execute("rollback")
      try await program.waitForOutput(containing: "the outbox goes on", timeout: .seconds(60))
      try await sent(outbox)
      #expect(try outbox.commands().map(\.text) == ["0", "1", "2"])
    }

    @Test func `a table that is dropped, and a right that is lost, are told and waited for`() async throws {
      let outbox = try OutboxFixture()
      let role = TestBroker.uniqueName("relay").replacing("-", with: "_")
      try outbox.execute(try OutboxSchema(OutboxTable(), role: role).sql() + "; alter role \(role) login")
      var relaying = outbox
      relaying.database = outbox.database.replacing("user=postgres", with: "user=\(role)")
      let program = try await relaying.start()
      defer { program.kill() }
      try outbox.execute("revoke delete on outbox from \(role)")
      try outbox.insert("a")
      try await program.waitForOutput(containing: "a right on the database is missing", timeout: .seconds(60))
      try outbox.execute("grant delete on outbox to \(role)")
      try await sent(outbox)
      try outbox.execute("drop table outbox")
      try await program.waitForOutput(containing: "the table is not as it was", timeout: .seconds(60))
      try outbox.execute(try OutboxSchema(OutboxTable(), role: role).sql())
      try outbox.insert("b")
      try await sent(outbox)
      program.terminate()
      #expect(try await program.waitForExit(timeout: .seconds(60)).exit == .code(0))
      #expect(try outbox.commands().map(\.key).sorted { $0 ?? "" < $1 ?? "" } == ["a", "b"])
    }

    @Test func `a database that crashes is waited for, and nothing is sent twice`() async throws {
      let server = try DatabaseServer.start()
      defer { server.remove() }
      let outbox = try OutboxFixture(on: server)
      let program = try await outbox.start()
      defer { program.kill() }
      for round in 0..<3 {
        try outbox.execute(
          "insert into outbox (key, payload) select 'k' || i % 7, \(round * 1000) + i from generate_series(1, 500) i"
        )
        server.stopImmediately()
        try server.startAgain()
      }
      try await sent(outbox)
      #expect(program.output.standardError.contains("the database is away"))
      let texts = try outbox.commands().compactMap(\.text)
      #expect(texts.count == 1_500)
      #expect(Set(texts).count == 1_500)
    }

    @Test(arguments: OutboxConfiguration.Mode.allCases)
    func `a relay that is started beside another one takes over, and the other one says so`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let outbox = try OutboxFixture()
      defer { outbox.dropSlot() }
      let first = try await outbox.start(["--mode", mode.rawValue, "--shards", "3"])
      defer { first.kill() }
      let second = try await outbox.start(["--mode", mode.rawValue, "--shards", "2"])
      defer { second.kill() }
      try outbox.execute(
        "insert into outbox (key, payload) select 'k' || i, i from generate_series(1, 100) i")
      let ended = try await first.waitForExit(timeout: .seconds(60))
      #expect(ended.exit == .code(1))
      #expect(ended.standardError.contains("has taken it over"))
      try await eventually("all rows are sent") { try outbox.commands().count == 100 }
      second.terminate()
      #expect(try await second.waitForExit(timeout: .seconds(60)).exit == .code(0))
    }

    @Test func `a relay that stood still while another one took over sends nothing more`() async throws {
      let outbox = try OutboxFixture()
      let zombie = try await outbox.start()
      defer { zombie.kill() }
      try outbox.execute(
        "insert into outbox (key, payload) select 'k' || i % 9, i from generate_series(1, 3000) i")
      try await eventually("some rows are sent") {
        try outbox.value("select count(*) < 3000 from outbox") == "t"
      }
      zombie.suspend()
      try outbox.execute(
        "insert into outbox (key, payload) select 'k' || i % 9, i from generate_series(3001, 4000) i")
      let heir = try await outbox.start(["--until-empty"])
      #expect(try await heir.waitForExit(timeout: .seconds(60)).exit == .code(0))
      try outbox.execute(
        "insert into outbox (key, payload) select 'k' || i % 9, i from generate_series(4001, 5000) i")
      zombie.resume()
      let ended = try await zombie.waitForExit(timeout: .seconds(60))
      #expect(ended.exit == .code(1))
      try await outbox.relay()
      let texts = try outbox.commands().compactMap(\.text)
      #expect(texts.count == 5_000)
      #expect(Set(texts).count == 5_000)
    }

    /// Without the record, the nine would come once more: command ids, of which a worker knows the last eight of an object,
    /// would let the first of them through.
    @Test(arguments: [false, true])
    func `nine rows of one key and a crash before they are deleted make nine commands`(
      isRecordLost: Bool
    ) async throws {
      let outbox = try OutboxFixture()
      for n in 1...9 { try outbox.insert("k", "t", "\(n)") }
      let other = try outbox.connect()
      try other.execute("begin")
      // Rows can be read and sent, not deleted.
      try other.execute("select * from outbox for key share")
      let program = try await outbox.start()
      try await eventually("the commands are on the topic") { try outbox.commands().count == 9 }
      #expect(try outbox.value("select count(*) from outbox") == "9")
      program.kill()
      try await program.waitForExit(timeout: .seconds(60))
      // The server would carry out what it was asked for before it notices that nobody waits for the answer.
      try outbox.execute(
        "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = current_database() "
          + "and application_name like 'sequitur outbox%'")
      try other.execute("rollback")
      if isRecordLost { try outbox.forgetBatches() }
      let figures = try await outbox.relay()
      #expect(figures.sent == (isRecordLost ? 9 : 0))
      #expect(figures.recovered == (isRecordLost ? 0 : 9))
      let nine = (1...9).map { "\($0)" }
      #expect(try outbox.commands().map(\.text) == (isRecordLost ? nine + nine : nine))
      #expect(try outbox.value("select count(*) from outbox") == "0")
    }

    @Test(arguments: OutboxConfiguration.Mode.allCases)
    func `rows of a transaction that is open for long are sent when it is committed`(
      mode: OutboxConfiguration.Mode
    ) async throws {
      let outbox = try OutboxFixture(partitions: 1)
      defer { outbox.dropSlot() }
      // The log is read from the first start on.
      try await outbox.relay { $0.mode = mode }
      let slow = try outbox.connect()
      try slow.execute("begin; insert into outbox (key, payload) values ('slow', 'first')")
      for n in 0..<3 {
        try outbox.insert("quick", "t", "\(n)")
        #expect(try await outbox.relay { $0.mode = mode }.sent == 1)
      }
      let status = try await OutboxStatus.read(outbox.configuration)
      #expect(status.oldestTransactionSeconds.map { $0 > 0 } == true)
      try slow.commit()
      #expect(try await outbox.relay { $0.mode = mode }.sent == 1)
      #expect(try outbox.commands().map(\.text) == ["0", "1", "2", "first"])
    }

    @Test func `a row that got the number of one that was sent is not taken for it`() async throws {
      let outbox = try OutboxFixture()
      try outbox.insert("k", "t", "sent")
      try await outbox.relay()
      // As after a failover to a standby that lacked the last transactions.
      try outbox.execute(
        "insert into outbox (id, key, payload) overriding system value values (1, 'k', 'new')")
      let figures = try await outbox.relay()
      #expect(figures.recovered == 0)
      #expect(try outbox.commands().map(\.text) == ["sent", "new"])
    }
  }
}
