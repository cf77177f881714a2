import Foundation
import KafkaClient
import SeededRandom
import TestBroker
import TestDatabase
import Testing

extension SequiturCommandTests {
  /// Where a new projection begins.
  @Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable)) struct ProjectBeginningTests {
    private static let fromState =
      ProjectedApplication.orders + "\nfrom: state\nstate: {total: total, status: status, version: $version}"

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `from state, a table is what one is that saw all events, also when they are gone`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedApplication.with(Self.fromState, partitions: 2, kind) { projected in
        var random = SplitMix64(seed: 2_410)
        try projected.application.send(600, &random)
        try await projected.application.work()
        let old = try projected.application.events()
        let admin = try KafkaAdmin(configuration: projected.application.topics.client, logger: quiet)
        let valid = projected.application.topics.valid
        let ends = Dictionary(grouping: try projected.application.topics.read(valid), by: \.partition)
        try admin.deleteRecords(
          before: ends.map { partition, records in
            TopicPartitionOffset(
              topic: valid, partition: partition, offset: (records.map(\.offset).max() ?? 0) + 1)
          }, timeout: .seconds(30))
        #expect(try projected.application.events().isEmpty)
        // Begun while more is decided.
        try projected.application.send(300, &random)
        let worker = try await projected.application.startWorkerAndWaitForChanges()
        try await projected.project()
        worker.terminate()
        try await worker.waitForExit(timeout: .seconds(60))
        try await projected.application.work()
        try await projected.project()
        let rows = try projected.database.rows("select id, total, status, version from orders")
        let orders = Dictionary(
          uniqueKeysWithValues: rows.map { row in
            (
              row[0]!,
              FollowedApplication.Order(status: row[2]!, total: Int(row[1]!)!, version: Int(row[3]!)!)
            )
          })
        #expect(orders == FollowedApplication.fold(old + (try projected.application.events())))
      }
    }

    /// An event trigger of PostgreSQL's writes down what is done to tables' definitions.
    @Test
    func `states come into a table that nobody reads before its key is made, and into another one with it`()
      async throws
    {
      func keyChanges(_ projected: ProjectedApplication, _ table: String) throws -> [[String?]] {
        try projected.database.rows(
          "select tag from ddl where object like '%\(table)' and tag = 'ALTER TABLE'")
      }
      func key(_ projected: ProjectedApplication, _ table: String) throws -> [[String?]] {
        try projected.database.rows(
          "select conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'p' "
            + "and conrelid = '\(table)'::regclass")
      }
      try await ProjectedApplication.with(Self.fromState, partitions: 2, .postgreSQL) { projected in
        var random = SplitMix64(seed: 2_411)
        try projected.application.send(600, &random)
        try await projected.application.work()
        try projected.database.execute(
          """
          create table ddl (tag text, object text);
          create function note() returns event_trigger language plpgsql as $$ begin
            insert into ddl select tg_tag, object_identity from pg_event_trigger_ddl_commands(); end $$;
          create event trigger noting on ddl_command_end execute function note()
          """)
        try await projected.project()
        #expect(try keyChanges(projected, ".orders").count == 2, "off and on")
        #expect(try key(projected, "orders") == [["orders_pkey", "PRIMARY KEY (id)"]])
        let rows = try projected.database.rows("select * from orders order by id")
        #expect(rows.count > 10)
        // One that somebody may read already keeps its key, whose making would lock it.
        let reset = try await sequitur([
          "project", "reset", projected.file, "--database", projected.database.address, "--yes",
        ])
        #expect(reset.exit == .code(0), "\(reset.standardError)")
        try await projected.project()
        #expect(try keyChanges(projected, ".orders").count == 2, "off and on")
        #expect(try projected.database.rows("select * from orders order by id") == rows)
      }
    }

    @Test func `states of which two make one row end the start, and leave no table without its key`()
      async throws
    {
      let rules =
        "projection: p\nfrom: state\ntable: {name: totals, key: {status: status}, columns: {total: bigint}}\n"
        + "state: {total: total}\nevents: {\"*\": ignore}"
      try await ProjectedApplication.with(rules, partitions: 1, .postgreSQL) { projected in
        var random = SplitMix64(seed: 2_412)
        try projected.application.send(300, &random)
        try await projected.application.work()
        let result = try await projected.project(expecting: 2)
        #expect(result.standardError.contains("Expected each object's state to fit the table totals"))
        #expect(try projected.database.rows("select * from totals").isEmpty)
        #expect(
          try projected.database.rows(
            "select from pg_constraint where contype = 'p' and conrelid = 'totals'::regclass"
          ).count == 1)
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `from now, only what comes later is applied`(kind: ProjectedDatabase.Kind) async throws {
      try await ProjectedLog.with(
        "projection: p\nfrom: now\ntable: {name: things, key: {id: $key}, columns: {v: bigint}}\n"
          + "events: {set: {upsert: {v: v}}}", kind
      ) { projected in
        try projected.write([("a", "set", #"{"v":1}"#)], from: 0)
        _ = try await projected.project()
        try projected.write([("b", "set", #"{"v":2}"#)], from: 1)
        _ = try await projected.project()
        #expect(try projected.database.pairs("select id, v from things") == ["b": "2"])
      }
    }

    @Test func `events that were deleted before they were read are told`() async throws {
      try await ProjectedLog.with(
        "projection: p\ntable: {name: things, key: {id: $key}, columns: {v: bigint}}\nevents: {set: {upsert: {v: v}}}",
        .sqlite
      ) { projected in
        try projected.write([("a", "set", #"{"v":1}"#), ("b", "set", #"{"v":2}"#)], from: 0)
        let topics = projected.log.topics
        let admin = try KafkaAdmin(configuration: topics.client, logger: quiet)
        try admin.deleteRecords(
          before: [TopicPartitionOffset(topic: topics.valid, partition: 0, offset: 1)], timeout: .seconds(30))
        let result = try await projected.project(expecting: 1)
        #expect(
          result.standardError.contains("were deleted before they were read"), "\(result.standardError)")
      }
    }
  }
}
