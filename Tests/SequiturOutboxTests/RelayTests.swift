import Foundation
import PostgreSQL
import SequiturOutbox
import SequiturTopics
import TestBroker
import TestDatabase
import Testing

extension SequiturOutboxTests {
  struct RelayTests {
    @Test func `a committed row becomes one command with its headers, a rolled-back one none`() async throws {
      let outbox = try OutboxFixture()
      try outbox.execute("begin; insert into outbox (key, payload) values ('no', 'x'); rollback")
      try outbox.insert(
        "o-1", "create", #"{"total": 1.50}"#, headers: #"{"expected-version": "none", "x": null}"#)
      try outbox.insert("o-2", nil, nil)
      let id = try outbox.value("select command_id from outbox where key = 'o-1'")
      let figures = try await outbox.relay()
      #expect(figures.sent == 2)
      let commands = try outbox.commands().sorted { $0.key ?? "" < $1.key ?? "" }
      #expect(commands.map(\.key) == ["o-1", "o-2"])
      #expect(commands[0].text == #"{"total": 1.50}"#)
      #expect(
        commands[0].headers == ["ce_type=create", "ce_id=\(id ?? "")", "x=<null>", "expected-version=none"])
      #expect(commands[1].value == nil)
      #expect(commands[1].header("ce_type") == nil)
      #expect(try outbox.value("select count(*) from outbox") == "0")
    }

    @Test func `commands go where every producer of commands puts them, and in order`() async throws {
      let outbox = try OutboxFixture()
      try outbox.execute(
        "insert into outbox (key, payload) select 'key-' || i % 37, i from generate_series(1, 12000) i")
      let figures = try await outbox.relay { $0.shards = 3 }
      #expect(figures.sent == 12_000)
      #expect(figures.transactions >= 3)
      let commands = try outbox.commands()
      #expect(commands.count == 12_000)
      #expect(Set(commands.compactMap { $0.header("ce_id") }).count == 12_000)
      for (key, rows) in Dictionary(grouping: commands, by: \.key) {
        let expected = Murmur2.partition(of: (key ?? "").utf8, among: 3)
        #expect(rows.allSatisfy { $0.partition == expected })
        let numbers = rows.compactMap { $0.text.flatMap { Int($0) } }
        #expect(numbers == numbers.sorted())
      }
    }

    @Test func `a row with a smaller id that is committed later is not passed over`() async throws {
      let outbox = try OutboxFixture()
      let slow = try outbox.connect()
      try slow.execute("begin; insert into outbox (key, payload) values ('slow', 'first')")
      try outbox.insert("quick", "t", "second")
      #expect(try await outbox.relay().sent == 1)
      try slow.commit()
      #expect(try await outbox.relay().sent == 1)
      #expect(try outbox.commands().map(\.key).sorted { $0 ?? "" < $1 ?? "" } == ["quick", "slow"])
    }

    @Test func `rows that cannot be sent are parked in the order of their key, and stop no other`()
      async throws
    {
      let outbox = try OutboxFixture(["max.message.bytes": "100000"])
      try outbox.insert("good", "t", "1")
      try outbox.insert(nil)
      try outbox.insert("")
      try outbox.insert(String(repeating: "k", count: 1_025))
      try outbox.insert(String(repeating: "k", count: 20_000))
      try outbox.insert("big", "t", "before")
      try outbox.insert("big", "t", String(repeating: "x", count: 200_000))
      try outbox.insert("big", "t", "behind")
      try outbox.insert("heads", "t", "{}", headers: "[1]")
      try outbox.insert("good", "t", "2")
      let figures = try await outbox.relay()
      #expect(figures.sent == 3)
      #expect(figures.parked == 7)
      #expect(try outbox.commands().compactMap(\.text).sorted() == ["1", "2", "before"])
      // A key with parked rows stays so, until somebody decides.
      try outbox.insert("big", "t", "later")
      try outbox.insert("good", "t", "3")
      #expect(try await outbox.relay().sent == 1)
      let parked = try outbox.connect().query(
        "select convert_from(payload, 'UTF8'), reason from outbox_parked where key = 'big' order by number")
      #expect(parked.rows.map { $0[1]?.prefix { $0 != ":" } } == ["too-large", "behind", "behind"])
      #expect(parked.rows[1][0] == "behind")
      let codes = try outbox.value(
        "select string_agg(distinct split_part(reason, ':', 1), ' ' order by split_part(reason, ':', 1)) from outbox_parked"
      )
      #expect(codes == "bad-headers behind key-too-long no-key too-large")
    }

    @Test(.enabled(if: TestBroker.isOutside, "the test broker takes records of every size"))
    func `a row that only the broker finds too large is parked alone`() async throws {
      let outbox = try OutboxFixture()
      // The limit is lowered behind the relay's back: it asked for it at its start.
      let relay = try OutboxRelay(
        { () -> OutboxConfiguration in
          var configuration = outbox.configuration
          configuration.stopsWhenEmpty = false
          return configuration
        }())
      async let running: Void = relay.run()
      try outbox.insert("first")
      try await eventually("the first row is sent") { relay.figures.sent == 1 }
      try await outbox.setTopicLimit(bytes: 20_000)
      let writer = try outbox.connect()
      try writer.execute("begin")
      for n in 0..<20 {
        let size = n == 10 ? 50_000 : 10
        try writer.query(
          "insert into outbox (key, payload) values ($1, $2)",
          [.text("k\(n % 15)"), .text(String(repeating: "x", count: size))])
      }
      try writer.commit()
      try await eventually("all rows are gone") { try outbox.value("select count(*) from outbox") == "0" }
      relay.stop()
      try await running
      let parked = try outbox.connect().query(
        "select key, length(payload), reason from outbox_parked order by number")
      #expect(parked.rows.map { $0[1] } == ["50000"])
      #expect(parked.rows.first?[2]?.hasPrefix("refused: ") == true)
      #expect(try outbox.commands().count == 20)
    }

    @Test func `an existing table of other names and types serves`() async throws {
      let outbox = try OutboxFixture(createsTable: false)
      let table = OutboxTable(
        name: "shop.events",
        columns: [
          .id: "event_id", .key: "aggregate", .type: "kind", .payload: "body", .headers: "", .commandID: "",
        ])
      try outbox.execute(
        """
        create schema shop;
        create type kinds as enum ('opened', 'closed');
        create table shop.events (event_id uuid primary key, aggregate bytea not null, kind kinds, body jsonb, extra int);
        \(try OutboxSchema(table).sql().components(separatedBy: "-- Rows that cannot").last.map { "-- Rows \($0)" } ?? "");
        insert into shop.events values
          ('00000000-0000-7000-8000-000000000001', '\\x6f31', 'opened', '{"a": 1}', 1),
          ('00000000-0000-7000-8000-000000000002', '\\x6f31', 'closed', null, 2),
          ('00000000-0000-7000-8000-000000000003', '\\x', 'closed', null, 3)
        """)
      let figures = try await outbox.relay { $0.table = table }
      #expect(figures.sent == 2)
      #expect(figures.parked == 1)
      let commands = try outbox.commands()
      #expect(commands.map(\.key) == ["o1", "o1"])
      #expect(commands.map(\.headers) == [["ce_type=opened"], ["ce_type=closed"]])
      #expect(commands.map(\.text) == [#"{"a": 1}"#, nil])
    }

    @Test func `a type that is no text is parked, and types of every kind that have a text are sent`()
      async throws
    {
      let outbox = try OutboxFixture()
      try outbox.execute("alter table outbox alter type type bytea using null, alter key type int using 1")
      try outbox.execute(
        "insert into outbox (key, type, payload) values (1, '\\xff', 'x'), (2, 'paid', 'y'), (1, 'paid', 'behind')"
      )
      let figures = try await outbox.relay()
      #expect(figures.sent == 1)
      #expect(figures.parked == 2)
      #expect(try outbox.commands().map(\.headers[0]) == ["ce_type=paid"])
      let parked = try outbox.connect().query(
        "select type, split_part(reason, ':', 1) from outbox_parked order by number")
      #expect(parked.rows.map { $0[0] } == ["ff", "70616964"])
      #expect(parked.rows.map { $0[1] } == ["type-no-text", "behind"])
    }

    /// The planner would read the whole table for each batch, and join it whole to delete one.
    @Test(arguments: [
      ("alter table outbox add primary key (id)", false), ("create index on outbox (key)", true),
    ])
    func `a table whose ids have no index is served, and told`(change: String, isTold: Bool) async throws {
      let outbox = try OutboxFixture()
      try outbox.execute("alter table outbox drop constraint outbox_pkey; \(change)")
      try outbox.execute("insert into outbox (key, payload) select i, i from generate_series(1, 500) i")
      let program = try await outbox.start(["--until-empty"])
      let ended = try await program.waitForExit(timeout: .seconds(60))
      #expect(ended.exit == .code(0))
      #expect(ended.standardOutput.contains("500 rows sent"))
      #expect(ended.standardError.contains("is read as a whole for each batch") == isTold)
    }

    @Test func `a parked row keeps the columns that are no part of a command`() async throws {
      let outbox = try OutboxFixture()
      try outbox.execute("alter table outbox add tenant text, add \"Odd name\" int")
      try outbox.execute("insert into outbox (payload, tenant, \"Odd name\") values ('x', 'acme', 7)")
      #expect(try await outbox.relay().parked == 1)
      let others = try outbox.value("select others - 'created_at' from outbox_parked")
      #expect(others == #"{"tenant": "acme", "Odd name": 7}"#)
    }

    @Test func `a database without an encoding gives its bytes as they are, and stops for none`() async throws
    {
      var outbox = try OutboxFixture(createsTable: false)
      let name = "test_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
      try outbox.execute(
        "create database \(name) template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'")
      outbox.database = try TestDatabase.server().connectionString(database: name)
      try outbox.execute(try OutboxSchema(OutboxTable()).sql())
      try outbox.execute(
        "insert into outbox (key, type, payload) values ('a', 't', E'\\xff'), ('b', E'\\xff', 'x'), ('c', 't', 'ü')"
      )
      let figures = try await outbox.relay()
      #expect(figures.sent == 2)
      #expect(figures.parked == 1)
      #expect(Set(try outbox.commands().map(\.value)) == [[0xFF], Array("ü".utf8)])
      #expect(try outbox.value("select split_part(reason, ':', 1) from outbox_parked") == "type-no-text")
    }

    @Test(arguments: [
      ("drop table outbox_parked", "outbox_parked"), ("drop table outbox", "create"),
      ("alter table outbox_parked drop column others", "others"),
      ("alter table outbox drop column key", "--column key="),
      ("alter table outbox alter headers type text", "json or"),
    ])
    func `a table that cannot serve is told at the start`(change: String, told: String) async throws {
      let outbox = try OutboxFixture()
      try outbox.execute(change)
      await #expect {
        try await outbox.relay()
      } throws: { error in
        (error as? OutboxFault)?.kind == .database && "\(error)".contains(told)
      }
    }

    @Test func `the table and its rights are made once, and are enough`() async throws {
      let outbox = try OutboxFixture(createsTable: false)
      let role = TestBroker.uniqueName("relay").replacing("-", with: "_")
      let sql = try OutboxSchema(OutboxTable(), role: role, channel: "Ring!").sql()
      try outbox.execute(sql)
      try outbox.execute(sql)
      try outbox.execute("alter role \(role) login")
      try outbox.insert("a")
      try outbox.insert(nil)
      let figures = try await outbox.relay {
        $0.database = outbox.database.replacing("user=postgres", with: "user=\(role)")
        $0.bell = "Ring!"
      }
      #expect(figures.sent == 1)
      #expect(figures.parked == 1)
    }

    @Test func `another number of shards takes over what the former ones left`() async throws {
      let outbox = try OutboxFixture()
      var sent = 0
      for shards in [4, 1, 3] {
        try outbox.execute(
          "insert into outbox (key, payload) select 'k' || i, i from generate_series(1, 50) i")
        sent += try await outbox.relay { $0.shards = shards }.sent
      }
      #expect(sent == 150)
      #expect(try outbox.commands().count == 150)
    }

    @Test func `names and numbers that are not possible are refused`() throws {
      let outbox = try OutboxFixture(createsTable: false)
      for (name, shards) in [
        ("", 1), ("a/b", 1), ("a b", 1), ("a", 0), ("a", 65), ("a-0", 1), ("-7", 1),
        ("a-b-12", 1),
      ] {
        var configuration = outbox.configuration
        configuration.name = name
        configuration.shards = shards
        #expect(throws: OutboxFault.self) { try OutboxRelay(configuration) }
      }
      for name in ["a1", "a-", "a-1b", "7", "a.1", "a_1"] {
        var configuration = outbox.configuration
        configuration.name = name
        #expect(throws: Never.self) { try OutboxRelay(configuration) }
      }
    }
  }
}
