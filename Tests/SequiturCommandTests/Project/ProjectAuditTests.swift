import Foundation
import SeededRandom
import TestBroker
import TestDatabase
import Testing

extension SequiturCommandTests {
  /// What `sequitur verify --projection` says of tables that are right, and of damaged ones.
  @Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable)) struct ProjectAuditTests {
    private static let yaml = """
      projection: things
      table:
        name: things
        key: {id: $key}
        columns: {v: bigint, n: integer, price: "numeric(8,2)", at: timestamptz, doc: jsonb, ok: boolean, raw: bytea, x: double precision}
      events:
        set: {upsert: {v: v, price: price, at: $time, doc: doc, ok: ok, raw: $payload, x: x}}
        more: {update: {v: v}, increment: {n: by}}
        gone: delete
      on-error: record
      """

    private func verify(_ projected: ProjectedLog, _ more: [String] = []) async throws -> ProgramResult {
      try await sequitur(
        ["verify", "--projection", projected.file, "--database", projected.database.address]
          + projected.log.topics.arguments + more)
    }

    private func withTable(
      _ kind: ProjectedDatabase.Kind, _ body: (ProjectedLog) async throws -> Void
    ) async throws {
      try await ProjectedLog.with(Self.yaml, kind) { projected in
        let set =
          #"{"v":1,"price":12.50,"doc":{"b":[1.0,"é"],"a":null},"ok":true,"x":1e-3,"note":"\u00e9"}"#
        var events = (0..<30).map { (key: "k\($0 % 9)", type: "set", value: set) }
        events[12] = ("k3", "gone", "{}")
        events[13] = ("bad", "set", #"{"v":"bad"}"#)
        events[20] = ("k5", "more", #"{"v":7,"by":3}"#)
        events[29] = ("k5", "more", #"{"v":8,"by":4}"#)
        events[28] = ("k8", "gone", "{}")
        events[27] = ("none", "more", #"{"v":8,"by":4}"#)
        try projected.write(events, from: 0)
        _ = try await projected.project()
        try await body(projected)
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `a table that is right has no fault, whatever its columns are`(kind: ProjectedDatabase.Kind)
      async throws
    {
      try await withTable(kind) { projected in
        let result = try await verify(projected)
        #expect(result.exit == .code(0), "\(result.standardOutput)\(result.standardError)")
        #expect(
          result.standardOutput == "things, generation 1: 1 partition, 30 events, 8 rows, 0 faults\n",
          "\(result.standardOutput)")
        let json = try await verify(projected, ["--json"])
        #expect(
          json.standardOutput.contains(#""faultCount" : 0"#)
            || json.standardOutput.contains(#""faultCount":0"#))
      }
    }

    /// What is done to the table or the positions, and what must be told.
    static let damages = [
      ("update things set v = 2 where id = 'k1'", "Expected v to be '1', but it is '2'"),
      ("update things set n = n + 1 where id = 'k5'", "Expected n to be '"),
      ("update things set price = null where id = 'k1'", "Expected price to be "),
      ("update things set ok = not ok where id = 'k1'", "Expected ok to be 'true', but it is 'false'"),
      ("update things set x = 0.002 where id = 'k1'", "Expected x to be '0.001', but it is '0.002'"),
      ("update things set doc = '{}' where id = 'k1'", "Expected doc to be "),
      ("delete from things where id = 'k2'", "Of the row id=k2, last changed by "),
      (
        "insert into things (id, v) values ('extra', 1)",
        "Of the row id=extra: no event makes it, but it is there"
      ),
      ("insert into things (id, v) values ('k8', 1)", "it is there, but was deleted"),
      (
        "update sequitur_position set next_offset = next_offset + 1000",
        "lies beyond the end"
      ),
      (
        "update sequitur_position set next_offset = 11, last_offset = 10",
        "Expected 11 events below the position 11, but the database counts 30"
      ),
      ("update sequitur_position set events = events + 1", "but the database counts 31"),
      ("update sequitur_position set last_id = 'x'", "Expected the last event below the position"),
      ("delete from sequitur_event", "Of the row id=bad, last changed by "),
    ]

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `each damage is found and told`(kind: ProjectedDatabase.Kind) async throws {
      try await withTable(kind) { projected in
        for (statement, told) in Self.damages {
          let before = try Tables(projected.database)
          try projected.database.execute(statement)
          let result = try await verify(projected)
          #expect(result.exit == .code(1), "\(statement)")
          #expect(result.standardOutput.contains(told), "\(statement): \(result.standardOutput)")
          try before.restore()
        }
        #expect(try await verify(projected).exit == .code(0))
      }
    }

    /// Copies of the tables that are damaged.
    private struct Tables {
      private static let names = ["things", "sequitur_position", "sequitur_event"]
      let database: ProjectedDatabase

      init(_ database: ProjectedDatabase) throws {
        self.database = database
        for name in Self.names { try database.execute("create table saved_\(name) as select * from \(name)") }
      }

      func restore() throws {
        for name in Self.names {
          try database.execute("delete from \(name)")
          try database.execute("insert into \(name) select * from saved_\(name)")
          try database.execute("drop table saved_\(name)")
        }
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `of a table that began with the state only what events made is judged`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      let yaml =
        ProjectedApplication.orders
        + "\nfrom: state\nstate: {total: total, status: status, version: $version}"
      try await ProjectedApplication.with(yaml, kind) { projected in
        var random = SplitMix64(seed: 2_430)
        try projected.application.send(400, &random)
        try await projected.application.work()
        try await projected.project()
        try projected.application.send(400, &random)
        try await projected.application.work()
        try await projected.project()
        let arguments =
          ["verify", "--projection", projected.file, "--database", projected.database.address]
          + projected.application.topics.arguments
        let right = try await sequitur(arguments)
        #expect(right.exit == .code(0), "\(right.standardOutput)")
        #expect(right.standardOutput.contains("note: The table began with what no event tells"))
        try projected.database.execute("update orders set version = version + 1")
        let wrong = try await sequitur(arguments)
        #expect(wrong.exit == .code(1) && wrong.standardOutput.contains("Expected version to be"))
      }
    }

    @Test func `what cannot be audited is told`() async throws {
      try await ProjectedLog.with(Self.yaml, .sqlite) { projected in
        let none = try await verify(projected)
        #expect(
          none.exit == .code(2) && none.standardError.contains("Expected to read the database"),
          "\(none.standardError)")
        _ = try await projected.project()
        try projected.rewrite(Self.yaml + "\ngeneration: 2")
        let other = try await verify(projected)
        #expect(
          other.exit == .code(2) && other.standardError.contains("the file of the current generation, 1"),
          "\(other.standardError)")
        let alone = try await sequitur(["verify", "--database", projected.database.address])
        #expect(alone.exit == .code(2) && alone.standardError.contains("Expected --projection FILE"))
      }
    }
  }
}
