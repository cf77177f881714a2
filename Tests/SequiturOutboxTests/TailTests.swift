import Foundation
import PostgreSQL
import SequiturOutbox
import TestBroker
import TestDatabase
import Testing

extension SequiturOutboxTests {
  struct TailTests {
    /// Relays what is in the log now.
    @discardableResult
    private func tail(
      _ outbox: OutboxFixture, _ change: (inout OutboxConfiguration) -> Void = { _ in }
    ) async throws -> OutboxFigures {
      try await outbox.relay {
        $0.mode = .tail
        change(&$0)
      }
    }

    @Test func `rows and messages of committed transactions become commands, in the log's order`()
      async throws
    {
      let outbox = try OutboxFixture(partitions: 1)
      defer { outbox.dropSlot() }
      try outbox.insert("early", "t", "before the slot")
      try await tail(outbox)
      try outbox.insert("a", "t", "1", headers: #"{"x": "y"}"#)
      try outbox.execute("begin; insert into outbox (key, payload) values ('no', 'x'); rollback")
      try outbox.execute(
        """
        begin;
        select pg_logical_emit_message(true, 'sequitur', '{"key":"a","type":"m","id":"7","payload":{"n": 1.50}}');
        insert into outbox (key, payload) values ('b', '2');
        delete from outbox where key = 'b';
        commit;
        select pg_logical_emit_message(true, 'others', 'x')
        """)
      let figures = try await tail(outbox)
      #expect(figures.sent == 3)
      #expect(figures.transactions <= 2)
      let commands = try outbox.commands()
      #expect(commands.map(\.text) == ["1", #"{"n": 1.50}"#, "2"])
      #expect(commands[0].header("x") == "y")
      #expect(commands[1].headers == ["ce_type=m", "ce_id=7"])
      #expect(try await tail(outbox).sent == 0)
      #expect(try outbox.value("select count(*) from outbox") == "2", "rows stay where they are")
    }

    @Test func `a large transaction is one on Kafka, and ids of the log's rows come once`() async throws {
      let outbox = try OutboxFixture()
      defer { outbox.dropSlot() }
      try await tail(outbox)
      try outbox.execute(
        "insert into outbox (key, payload) select 'k' || i % 99, i from generate_series(1, 12000) i")
      let figures = try await tail(outbox)
      #expect(figures.sent == 12_000)
      #expect(figures.transactions == 1)
      #expect(Set(try outbox.commands().compactMap(\.text)).count == 12_000)
    }

    @Test func `commands of the log that cannot be sent are parked once`() async throws {
      let outbox = try OutboxFixture(["max.message.bytes": "100000"])
      defer { outbox.dropSlot() }
      try await tail(outbox)
      try outbox.insert(nil)
      try outbox.insert("big", "t", String(repeating: "x", count: 200_000))
      try outbox.insert("big", "t", "behind")
      try outbox.execute("select pg_logical_emit_message(true, 'sequitur', 'no json')")
      try outbox.insert("good")
      let figures = try await tail(outbox)
      #expect(figures.sent == 1)
      #expect(figures.parked == 4)
      let codes = try outbox.value(
        "select string_agg(split_part(reason, ':', 1), ' ' order by number) from outbox_parked")
      #expect(codes == "no-key too-large behind bad-message")
      let content = try outbox.value(
        "select string_agg(convert_from(payload, 'UTF8'), ' ' order by number) from outbox_parked where number <> 2"
      )
      #expect(content == "{} behind no json")
    }

    @Test(arguments: [
      "no json", #"{"key":"a","color":"b","payload":{"n":1}}"#, #"{"key":"a","payload":1} behind"#,
      #"{"key":"a","id":{},"payload":"x"}"#, "[\"a\"]",
    ])
    func `a message that cannot be read is parked with all of its content`(text: String) async throws {
      let outbox = try OutboxFixture()
      defer { outbox.dropSlot() }
      try await tail(outbox)
      try outbox.connect().query("select pg_logical_emit_message(true, 'sequitur', $1)", [.text(text)])
      #expect(try await tail(outbox).parked == 1)
      let row = try outbox.connect().query(
        "select convert_from(payload, 'UTF8'), reason, type, headers, command_id from outbox_parked"
      ).rows[0]
      #expect(row[0] == text)
      #expect(row[1]?.hasPrefix("bad-message: ") == true)
      #expect(row[2] == nil && row[3] == nil && row[4] == nil)
    }

    @Test func `status does not count rows that were sent as waiting, and can do without a table`()
      async throws
    {
      let outbox = try OutboxFixture()
      defer { outbox.dropSlot() }
      try await tail(outbox)
      try outbox.insert("a")
      try await tail(outbox)
      let status = try await OutboxStatus.read(outbox.configuration)
      #expect(status.waiting == nil)
      #expect(status.oldestSeconds == nil)
      #expect(status.kept == 1)
      #expect(status.slotStatus == "reserved")
      #expect(status.pendingLogBytes.map { $0 >= 0 } == true)
      try outbox.execute("drop table outbox")
      #expect(try await OutboxStatus.read(outbox.configuration).kept == nil)
      try outbox.execute("select pg_logical_emit_message(true, 'sequitur', '{\"key\":\"b\"}')")
      #expect(try await tail(outbox).sent == 1)
    }

    @Test(arguments: [
      ("drop publication \"SLOT\"", "is gone"),
      ("drop table outbox; create table outbox (id int, key text)", "alter publication"),
      ("alter publication \"SLOT\" add table outbox_parked", "whose rows are no commands"),
      ("alter publication \"SLOT\" set (publish = 'delete')", "alter publication"),
    ])
    func `a publication that does not have the table's rows, or others, is told`(
      change: String, told: String
    ) async throws {
      let outbox = try OutboxFixture()
      defer { outbox.dropSlot() }
      try await tail(outbox)
      try outbox.execute(change.replacing("SLOT", with: outbox.slot))
      await #expect {
        try await tail(outbox)
      } throws: { error in
        (error as? OutboxFault)?.kind == .database && "\(error)".contains(told)
      }
    }

    @Test func `a crash of the server that forgets how far the log was read sends nothing twice`()
      async throws
    {
      let server = try DatabaseServer.start(["wal_level": "logical"])
      defer { server.remove() }
      let outbox = try OutboxFixture(on: server, partitions: 1)
      try await tail(outbox)
      // More of one object than command ids are remembered.
      for n in 1...9 { try outbox.insert("k", "t", "\(n)") }
      #expect(try await tail(outbox).sent == 9)
      let confirmed = "select confirmed_flush_lsn from pg_replication_slots"
      let before = try outbox.value(confirmed)
      server.stopImmediately()
      try server.startAgain()
      #expect(try outbox.value(confirmed) != before, "the server forgot what it was told")
      #expect(try await tail(outbox).sent == 0)
      try outbox.insert("k", "t", "10")
      #expect(try await tail(outbox).sent == 1)
      #expect(try outbox.commands().map(\.text) == (1...10).map { "\($0)" })
    }

    @Test func `a slot that is gone, or was moved, is refused, and a new one is made when that is ordered`()
      async throws
    {
      let outbox = try OutboxFixture()
      defer { outbox.dropSlot() }
      try await tail(outbox)
      outbox.dropSlot()
      try outbox.insert("lost")
      await #expect {
        try await tail(outbox)
      } throws: { error in
        (error as? OutboxFault)?.kind == .lost && "\(error)".contains("is gone")
      }
      try outbox.execute("select pg_create_logical_replication_slot('\(outbox.slot)', 'pgoutput')")
      await #expect {
        try await tail(outbox)
      } throws: { error in
        (error as? OutboxFault)?.kind == .lost && "\(error)".contains("made anew")
      }
      try await tail(outbox) { $0.makesNewSlot = true }
      try outbox.insert("new")
      #expect(try await tail(outbox).sent == 1)
      #expect(try outbox.commands().map(\.key) == ["new"])
    }

    @Test func `a slot that was overtaken is told, and refused`() async throws {
      let server = try DatabaseServer.start(["wal_level": "logical", "max_slot_wal_keep_size": "1MB"])
      defer { server.remove() }
      let outbox = try OutboxFixture(on: server)
      try await tail(outbox)
      for _ in 0..<4 {
        try outbox.execute("select pg_logical_emit_message(true, 'x', 'y'); select pg_switch_wal()")
      }
      try outbox.execute("checkpoint")
      #expect(try await OutboxStatus.read(outbox.configuration).slotStatus == "lost")
      await #expect {
        try await tail(outbox)
      } throws: { error in
        (error as? OutboxFault)?.kind == .lost && "\(error)".contains("max_slot_wal_keep_size")
      }
      try await tail(outbox) { $0.makesNewSlot = true }
      try outbox.insert("new")
      #expect(try await tail(outbox).sent == 1)
    }

    @Test func `an outbox that was served in the other mode is refused`() async throws {
      let outbox = try OutboxFixture()
      try await outbox.relay()
      await #expect {
        try await tail(outbox)
      } throws: { error in
        (error as? OutboxFault)?.kind == .configuration && "\(error)".contains("--mode poll")
      }
    }

    @Test func `a reader of the log that stood still while another one took over sends nothing more`()
      async throws
    {
      let outbox = try OutboxFixture()
      defer { outbox.dropSlot() }
      let zombie = try await outbox.start(["--mode", "tail"])
      defer { zombie.kill() }
      try outbox.execute(
        "insert into outbox (key, payload) select 'k' || i % 9, i from generate_series(1, 2000) i")
      try await eventually("some are sent") { try !outbox.commands().isEmpty }
      zombie.suspend()
      try outbox.execute(
        "insert into outbox (key, payload) select 'k' || i % 9, i from generate_series(2001, 3000) i")
      try await tail(outbox)
      zombie.resume()
      #expect(try await zombie.waitForExit(timeout: .seconds(60)).exit == .code(1))
      try await tail(outbox)
      let texts = try outbox.commands().compactMap(\.text)
      #expect(texts.count == 3_000)
      #expect(Set(texts).count == 3_000)
    }
  }
}
