import Foundation
import KafkaClient
import SequiturProjections
import TestBroker
import TestDatabase
import Testing

extension SequiturCommandTests {
  /// Events that are not taken: each policy, and what is told.
  @Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable)) struct ProjectErrorPolicyTests {
    private func yaml(_ policy: String, column: String = "bigint") -> String {
      """
      projection: p
      table: {name: things, key: {id: $key}, columns: {v: "\(column)", w: bigint}}
      events:
        set: {upsert: {v: v, w: $version}}
        gone: delete
      on-error: \(policy)
      """
    }

    /// A type, a value that is none of it, and what is told of it.
    struct Bad: Sendable {
      let column: String
      let value: String
      let told: String
      var databases = ProjectedDatabase.Kind.allCases
    }

    static let bad = [
      Bad(column: "text", value: #""a\u0000b""#, told: "a character NUL"),
      Bad(column: "bigint", value: "9223372036854775808", told: "a whole number of 64 bits"),
      Bad(column: "timestamptz", value: #""2026-02-30T00:00:00Z""#, told: "a time like"),
      Bad(column: "varchar(3)", value: #""four""#, told: "at most 3 characters"),
      Bad(column: "jsonb", value: #""\u0000""#, told: "texts without \\u0000"),
      Bad(column: "numeric(3,1)", value: "1234", told: "at most 2 digits before the point"),
      Bad(column: "numeric(5,2)", value: "1.255", told: "at most 2 digits behind the point"),
      Bad(column: "inet", value: #""home""#, told: "invalid input syntax", databases: [.postgreSQL]),
    ]

    static let cases = bad.flatMap { bad in bad.databases.map { (bad, $0) } }

    @Test(arguments: cases)
    func `with record a bad event is written down, and the others are applied`(
      bad: Bad, kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedLog.with(yaml("record", column: bad.column), kind) { projected in
        var events = (0..<40).map { (key: "k\($0 % 7)", type: "set", value: #"{"v":null}"#) }
        // The only event of its key: what a later one of the batch replaces is not judged by the database.
        events[17] = ("bad", "set", "{\"v\":\(bad.value)}")
        try projected.write(events, from: 0)
        _ = try await projected.project()
        let aside = try projected.database.rows("select fate, id, reason from sequitur_event")
        try #require(aside.count == 1 && aside[0][0] == "recorded", "\(aside)")
        #expect(aside[0][1] == "\(projected.log.topics.commands)/0/17/0")
        #expect(aside[0][2]?.contains(bad.told) == true, "\(aside)")
        #expect(try projected.database.rows("select count(*) from things")[0][0] == "7")
        let status = try await projected.control("status")
        #expect(status.standardOutput.contains("40 events, current, 1 recorded"), "\(status.standardOutput)")
      }
    }

    /// New rows, so many that they are copied, with three that are not taken: by their value, by their type in the database,
    /// and by their key.
    @Test(arguments: ProjectionDefinition.ErrorPolicy.allCases)
    func `of rows that are copied, the bad ones get what the policy says, and the others are there`(
      policy: ProjectionDefinition.ErrorPolicy
    ) async throws {
      let yaml = """
        projection: p
        table: {name: things, key: {id: id}, columns: {v: bigint, a: inet}}
        events: {set: {insert: {v: v, a: a}}}
        on-error: \(policy.rawValue)
        """
      try await ProjectedLog.with(yaml, .postgreSQL) { projected in
        var events = (0..<300).map { (key: "k\($0)", type: "set", value: "{\"id\":\"i\($0)\",\"v\":\($0)}") }
        events[100].value = #"{"id":"i100","v":"x"}"#
        events[150].value = #"{"id":"i150","v":1,"a":"home"}"#
        events[200].value = #"{"id":"i7","v":200}"#
        // Behind one that is not taken, of its key.
        events[250].key = "k200"
        try projected.write(events, from: 0)
        func sum() throws -> [String?] {
          try projected.database.rows("select count(*)::text, coalesce(sum(v), 0)::text from things")[0]
        }
        func aside() throws -> [[String?]] {
          try projected.database.rows("select event_offset, fate from sequitur_event order by 1")
        }
        let all = (0..<300).reduce(0, +) - 100 - 150 - 200
        switch policy {
        case .record:
          _ = try await projected.project()
          #expect(try sum() == ["297", "\(all)"])
          #expect(try aside() == [["100", "recorded"], ["150", "recorded"], ["200", "recorded"]])
        case .parkKey:
          _ = try await projected.project()
          #expect(try sum() == ["296", "\(all - 250)"])
          #expect(
            try aside() == [["100", "parked"], ["150", "parked"], ["200", "parked"], ["250", "parked"]])
          try projected.database.execute("delete from things where id = 'i7'")
          _ = try await projected.control("retry", ["k200"])
          #expect(try sum() == ["297", "\(all - 7 + 200)"])
        case .stop:
          for (offset, count) in [("100", "100"), ("150", "149"), ("200", "198")] {
            _ = try await projected.project(expecting: 1)
            #expect(try sum()[0] == count)
            #expect(
              try projected.database.rows("select stopped_offset from sequitur_position") == [[offset]])
            _ = try await projected.control("skip", ["--yes"])
          }
          _ = try await projected.project()
          #expect(try sum() == ["297", "\(all)"])
          #expect(try aside() == [["100", "skipped"], ["150", "skipped"], ["200", "skipped"]])
        }
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `with stop the partition waits at the event, tells why, and goes on when it is mended or skipped`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedLog.with(yaml("stop"), kind) { projected in
        try projected.write(
          [("a", "set", #"{"v":1}"#), ("b", "set", #"{"v":"x"}"#), ("c", "set", #"{"v":3}"#)], from: 0)
        let first = try await projected.project(expecting: 1)
        #expect(first.standardError.contains("Expected to catch up, but partition 0 waits"))
        #expect(first.standardError.contains("Expected a whole number of 64 bits"), "\(first.standardError)")
        #expect(try projected.database.pairs("select id, v from things") == ["a": "1"])
        let status = try await projected.control("status", expecting: 1)
        #expect(
          status.standardOutput.contains("waits at offset 1: Expected a whole number"),
          "\(status.standardOutput)")
        _ = try await projected.project(expecting: 1)
        // Nobody is asked in a test: no answer is no.
        let refused = try await projected.control("skip", expecting: 2)
        #expect(refused.standardError.contains("nothing was changed"))
        let skip = try await projected.control("skip", ["--yes"])
        #expect(skip.standardOutput.contains("offset 1 of partition 0"))
        _ = try await projected.project()
        #expect(try projected.database.pairs("select id, v from things") == ["a": "1", "c": "3"])
        let aside = try projected.database.rows("select fate, event_offset from sequitur_event")
        #expect(aside == [["skipped", "1"]])
        let none = try await projected.control("skip", ["--yes"], expecting: 1)
        #expect(none.standardError.contains("Expected a partition that waits"))
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `with stop the other partitions are done before a run that is to catch up ends`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      let refused = yaml("stop") + "\n"
      try await ProjectedApplication.with(
        refused.replacing("set: {upsert: {v: v, w: $version}}", with: "created: {upsert: {v: total}}"),
        partitions: 4, kind
      ) { projected in
        let topics = projected.application.topics
        let producer = try KafkaProducer(configuration: topics.client, logger: quiet)
        let topic = try producer.topic(topics.commands)
        for number in 0..<400 {
          var headers = HeaderList(capacity: 1)
          headers.add(name: "ce_type", value: "create")
          try Array("order-\(number)".utf8).withUnsafeBytes { key in
            // Partition 1 has an event at its beginning that is not taken: its total is that of no other order.
            try Array("{\"total\":\(number == 1 ? -1 : number)}".utf8).withUnsafeBytes {
              try producer.produce(
                topic: topic, partition: Int32(number % 4), key: key, value: $0, headers: headers.copy())
            }
          }
        }
        try producer.flush(timeout: .seconds(30))
        try await projected.application.work()
        _ = try await sequitur(
          projected.arguments("one").map { $0 } + ["--until-caught-up"], timeout: .seconds(60))
        try projected.database.execute("delete from things")
        try projected.database.execute("delete from sequitur_position")
        try projected.database.execute("delete from sequitur_projection")
        let trigger =
          kind == .sqlite
          ? """
          create trigger refuse before insert on things when new.v < 0 begin select raise(abort, 'it is negative'); end
          """
          : "alter table things add constraint negative check (v >= 0)"
        try projected.database.execute(trigger)
        let result = try await projected.project(expecting: 1)
        #expect(result.standardError.contains("but partition 1 waits"), "\(result.standardError)")
        #expect(try projected.database.rows("select count(*) from things")[0][0] == "300")
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `a command whose second event is not taken is not applied in part`(kind: ProjectedDatabase.Kind)
      async throws
    {
      try await ProjectedLog.with(yaml("stop"), kind) { projected in
        let log = projected.log
        try log.write([
          log.event(key: "a", version: 1, type: "set", command: 0, value: #"{"v":1}"#),
          log.event(key: "b", version: 1, type: "set", command: 1, index: 0, value: #"{"v":2}"#),
          log.event(key: "b", version: 2, type: "set", command: 1, index: 1, value: #"{"v":true}"#),
        ])
        _ = try await projected.project(expecting: 1)
        #expect(try projected.database.pairs("select id, v from things") == ["a": "1"])
        #expect(
          try projected.database.rows("select next_offset, stopped_offset from sequitur_position") == [
            ["1", "2"]
          ])
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `with park-key a key's events wait in order, others go on, and retry applies them`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedLog.with(yaml("park-key"), kind) { projected in
        _ = try await projected.project()
        try projected.database.execute("create table forbidden (v bigint)")
        let trigger =
          kind == .sqlite
          ? """
          create trigger refuse before insert on things when new.v in (select v from forbidden)
          begin select raise(abort, 'it is forbidden'); end
          """
          : """
          create function refuse() returns trigger language plpgsql as $$ begin
            if exists (select 1 from forbidden f where f.v = new.v) then raise exception 'it is forbidden'; end if;
            return new; end $$;
          create trigger refuse before insert on things for each row execute function refuse()
          """
        try projected.database.execute(trigger)
        try projected.database.execute("insert into forbidden values (13)")
        try projected.write(
          [
            ("a", "set", #"{"v":1}"#), ("b", "set", #"{"v":13}"#), ("a", "set", #"{"v":2}"#),
            ("b", "gone", "{}"),
            ("c", "set", #"{"v":3}"#), ("b", "set", #"{"v":14}"#), ("b", "set", #"{"v":15}"#),
          ], from: 0)
        _ = try await projected.project()
        #expect(try projected.database.pairs("select id, v from things") == ["a": "2", "c": "3"])
        let order = try projected.database.rows(
          "select event_offset, type from sequitur_event where fate = 'parked' order by event_offset")
        #expect(order == [["1", "set"], ["3", "gone"], ["5", "set"], ["6", "set"]])
        let status = try await projected.control("status", expecting: 1)
        #expect(
          status.standardOutput.contains("key b of partition 0: 4 events parked: "),
          "\(status.standardOutput)")
        #expect(status.standardOutput.contains("it is forbidden"))
        // What comes later waits behind them, also in another run.
        try projected.write([("b", "set", #"{"v":16}"#), ("c", "set", #"{"v":4}"#)], from: 7)
        _ = try await projected.project()
        #expect(try projected.database.pairs("select id, v from things") == ["a": "2", "c": "4"])
        let refused = try await projected.control("retry", ["b"], expecting: 1)
        #expect(refused.standardOutput == "0 events applied, 5 left\n")
        #expect(refused.standardError.contains("it is forbidden"))
        let nobody = try await projected.control("retry", ["a"], expecting: 1)
        #expect(nobody.standardError.contains("Expected events of the key a that wait"))
        try projected.database.execute("update forbidden set v = 15")
        let some = try await projected.control("retry", ["b"], expecting: 1)
        #expect(some.standardOutput == "3 events applied, 2 left\n")
        try projected.database.execute("delete from forbidden")
        #expect(try await projected.control("retry", ["b"]).standardOutput == "2 events applied, 0 left\n")
        #expect(try projected.database.pairs("select id, v from things") == ["a": "2", "b": "16", "c": "4"])
        try projected.write([("b", "set", #"{"v":17}"#)], from: 9)
        _ = try await projected.project()
        #expect(try projected.database.pairs("select id, v from things") == ["a": "2", "b": "17", "c": "4"])
        _ = try await projected.control("status")
      }
    }

    @Test func `a key that is retried while the projector runs is applied by it from then on`() async throws {
      try await ProjectedLog.with(yaml("park-key"), .postgreSQL) { projected in
        try await RunningProgram.with(
          BuiltProgram.find("sequitur"), arguments: projected.arguments(["--create-tables"])
        ) { projector in
          try projected.write([("a", "set", #"{"v":1}"#), ("b", "set", #"{"v":1}"#)], from: 0)
          try await eventually("two rows") {
            projector.exit == nil && (try? projected.database.rows("select * from things").count) == 2
          }
          try projected.database.execute("alter table things add constraint small check (v < 10)")
          try projected.write([("b", "set", #"{"v":11}"#), ("a", "set", #"{"v":2}"#)], from: 2)
          try await eventually("a parked event") {
            try projected.database.rows("select 1 from sequitur_event where fate = 'parked'").count == 1
          }
          try projected.database.execute("alter table things drop constraint small")
          #expect(try await projected.control("retry", ["b"]).standardOutput == "1 event applied, 0 left\n")
          try projected.write([("b", "set", #"{"v":12}"#)], from: 4)
          try await eventually("the later event") {
            try projected.database.pairs("select id, v from things") == ["a": "2", "b": "12"]
          }
          projector.terminate()
          #expect(try await projector.waitForExit(timeout: .seconds(60)).exit == .code(0))
        }
      }
    }
  }
}
