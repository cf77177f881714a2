import Foundation
import KafkaClient
import PostgreSQL
import TestBroker
import TestDatabase
import Testing

@testable import SequiturProjections

extension SequiturCommandTests {
  /// What is refused, what is waited for, and what is told.
  @Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable)) struct ProjectTroubleTests {
    private static let yaml = """
      projection: p
      table: {name: things, key: {id: $key}, columns: {v: bigint}}
      events: {set: {upsert: {v: v}}}
      """

    private func expectRow(_ projected: ProjectedLog, _ value: String, _ what: String) async throws {
      try await eventually(what, within: .seconds(90)) {
        (try? projected.database.pairs("select id, v from things"))?["a"] == value
      }
    }

    /// Runs a projector that has applied a first event, and ends it.
    private func withProjector(
      _ kind: ProjectedDatabase.Kind, _ body: (ProjectedLog, RunningProgram) async throws -> Void
    ) async throws {
      try await withProjectorThatEnds(kind) { projected, projector in
        try await body(projected, projector)
        projector.terminate()
        #expect(try await projector.waitForExit(timeout: .seconds(60)).exit == .code(0))
      }
    }

    /// The same; the body sees to its end.
    private func withProjectorThatEnds(
      _ kind: ProjectedDatabase.Kind, _ body: (ProjectedLog, RunningProgram) async throws -> Void
    ) async throws {
      try await ProjectedLog.with(Self.yaml, kind) { projected in
        try await RunningProgram.with(
          BuiltProgram.find("sequitur"), arguments: projected.arguments(["--create-tables"])
        ) { projector in
          try projected.write([("a", "set", #"{"v":1}"#)], from: 0)
          try await expectRow(projected, "1", "the first event")
          try await body(projected, projector)
        }
      }
    }

    // MARK: Waited for

    @Test func `a dropped table is told and waited for, and nothing is left out`() async throws {
      try await withProjector(.postgreSQL) { projected, projector in
        try projected.database.execute("alter table things rename to hidden")
        try projected.write([("a", "set", #"{"v":2}"#)], from: 1)
        try await projector.waitForOutput(containing: "the projection is held up", timeout: .seconds(60))
        #expect(projector.output.standardError.contains("\"things\" does not exist"))
        try projected.database.execute("alter table hidden rename to things")
        try await expectRow(projected, "2", "the event behind")
      }
    }

    @Test func `a deadlock that another session forces is tried again`() async throws {
      try await ProjectedLog.with(
        "projection: p\ntable: {name: things, key: {id: v}, columns: {id: bigint, n: bigint}}\n"
          + "events: {set: {upsert: {}, increment: {n: 1}}}", .postgreSQL
      ) { projected in
        _ = try await projected.project()
        try projected.database.execute("insert into things values (1, 0), (2, 0)")
        let other = try PostgreSQLConnection(projected.database.address)
        // The other session waits longer for a deadlock than the projector, which so is the one that is ended.
        try other.execute("set deadlock_timeout = '60s'; begin; update things set n = n where id = 2")
        // Of one command, and so in one transaction.
        let log = projected.log
        try log.write([
          log.event(key: "a", version: 1, type: "set", command: 0, index: 0, value: #"{"v":1}"#),
          log.event(key: "a", version: 2, type: "set", command: 0, index: 1, value: #"{"v":2}"#),
        ])
        try await RunningProgram.with(
          BuiltProgram.find("sequitur"), arguments: projected.arguments()
        ) { projector in
          try await eventually("the projector to wait for the other session") {
            try !projected.database.rows(
              "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
            .isEmpty
          }
          try other.execute("update things set n = n where id = 1; commit")
          try await eventually("both events", within: .seconds(90)) {
            try projected.database.pairs("select id, n from things") == ["1": "1", "2": "1"]
          }
          #expect(projector.output.standardError.contains("40P01"), "\(projector.output.standardError)")
          projector.terminate()
          #expect(try await projector.waitForExit(timeout: .seconds(60)).exit == .code(0))
        }
      }
    }

    @Test func `rights that are taken away are told and waited for`() async throws {
      try await ProjectedLog.with(Self.yaml, .postgreSQL, ownServer: true) { projected in
        let server = try #require(projected.database.server)
        try projected.database.execute("create role app login; grant all on schema public to app")
        let name = try #require(projected.database.address.split(separator: "dbname=").last)
        let address = server.connectionString(database: String(name), user: "app")
        let arguments =
          ["project", projected.file, "--database", address, "--instance-id", "one", "--create-tables"]
          + projected.log.topics.arguments
        try await RunningProgram.with(BuiltProgram.find("sequitur"), arguments: arguments) { projector in
          try projected.write([("a", "set", #"{"v":1}"#)], from: 0)
          try await expectRow(projected, "1", "the first event")
          try projected.database.execute("revoke update on things from app")
          try projected.write([("a", "set", #"{"v":2}"#)], from: 1)
          try await projector.waitForOutput(containing: "permission denied", timeout: .seconds(60))
          try projected.database.execute("grant update on things to app")
          try await expectRow(projected, "2", "the event behind")
          projector.terminate()
          #expect(try await projector.waitForExit(timeout: .seconds(60)).exit == .code(0))
        }
      }
    }

    @Test func `a tablespace that is full is told and waited for, and nothing is left out`() async throws {
      guard let disk = try SmallDisk(bytes: 8 << 20) else {
        return print(
          "WARNING: not tested: a full tablespace needs a file system that this user may not mount")
      }
      defer { disk.unmount() }
      try await ProjectedLog.with(Self.yaml, .postgreSQL, ownServer: true) { projected in
        let owned = try await RunningProgram.run("chown", arguments: ["postgres", disk.path])
        #expect(owned.exit == .code(0), "\(owned.standardError)")
        try projected.database.execute("create tablespace small location '\(disk.path)'")
        try projected.database.execute("create table things (id text primary key, v bigint) tablespace small")
        try await RunningProgram.with(
          BuiltProgram.find("sequitur"), arguments: projected.arguments(["--create-tables"])
        ) { projector in
          try projected.write([("a", "set", #"{"v":1}"#)], from: 0)
          try await expectRow(projected, "1", "the first event")
          try disk.fill()
          try projected.write((0..<2_000).map { ("k\($0)", "set", #"{"v":2}"#) }, from: 1)
          try await projector.waitForOutput(containing: "No space left on device", timeout: .seconds(60))
          #expect(projector.output.standardError.contains("the projection is held up"))
          try disk.empty()
          try await eventually("all rows", within: .seconds(90)) {
            try projected.database.rows("select count(*) from things")[0][0] == "2001"
          }
          projector.terminate()
          #expect(try await projector.waitForExit(timeout: .seconds(60)).exit == .code(0))
        }
      }
    }

    @Test func `a server that is away at the start is waited for`() async throws {
      try await ProjectedLog.with(Self.yaml, .postgreSQL, ownServer: true) { projected in
        let server = try #require(projected.database.server)
        try projected.write([("a", "set", #"{"v":1}"#)], from: 0)
        server.stopImmediately()
        try await RunningProgram.with(
          BuiltProgram.find("sequitur"), arguments: projected.arguments(["--create-tables"])
        ) { projector in
          try await projector.waitForOutput(containing: "the projection cannot begin", timeout: .seconds(60))
          try server.startAgain()
          try await expectRow(projected, "1", "the first event")
          projector.terminate()
          #expect(try await projector.waitForExit(timeout: .seconds(60)).exit == .code(0))
        }
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `a paused projection waits, and a resumed one goes on`(kind: ProjectedDatabase.Kind) async throws {
      try await withProjector(kind) { projected, projector in
        #expect(try await projected.control("pause").standardOutput == "paused\n")
        try projected.write([("a", "set", #"{"v":2}"#)], from: 1)
        try await eventually("a lag") {
          try await projected.control("status").standardOutput.contains(
            "paused\npartition 0: next offset 2, 1 event, 2 records")
        }
        #expect(try projected.database.pairs("select id, v from things") == ["a": "1"])
        #expect(try await projected.control("resume").standardOutput == "resumed\n")
        try await expectRow(projected, "2", "the event behind")
      }
    }

    // MARK: Refused

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `missing tables, columns and other types are told before the first event`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedLog.with(Self.yaml, kind) { projected in
        let none = try await projected.project([], expecting: 2)
        #expect(none.standardError.contains("the table sequitur_position"), "\(none.standardError)")
        #expect(none.standardError.contains("--create-tables"))
        let check = try await projected.control("check", expecting: 1)
        #expect(check.standardError.contains("the event set: "), "\(check.standardError)")
        _ = try await projected.project()
        _ = try await projected.control("check")
        try projected.database.execute("alter table things rename column v to w")
        let column = try await projected.control("check", expecting: 1)
        #expect(column.standardError.contains("v"), "\(column.standardError)")
        let started = try await projected.project(expecting: 2)
        #expect(started.standardError.contains("the event set: "), "\(started.standardError)")
      }
    }

    @Test func `commands that only look make no file, and change none`() async throws {
      try await ProjectedLog.with(Self.yaml, .sqlite) { projected in
        let path = String(projected.database.address.dropFirst("sqlite:".count))
        try FileManager.default.removeItem(atPath: path)
        for command in [
          ["status"], ["check"], ["pause"], ["resume"], ["retry", "a"], ["skip", "--yes"],
          ["reset", "--yes"],
        ] {
          let result = try await projected.control(command[0], Array(command.dropFirst()), expecting: 2)
          #expect(result.standardError.contains("there is no such file"), "\(result.standardError)")
        }
        let run = try await projected.project([], expecting: 2)
        #expect(run.standardError.contains("Make it with --create-tables"), "\(run.standardError)")
        #expect(!FileManager.default.fileExists(atPath: path))
        // A file of somebody else's stays as it is, its journal mode too.
        let made = try await RunningProgram.run(
          "python3",
          arguments: ["-c", "import sqlite3; sqlite3.connect('\(path)').execute('create table t (a)')"])
        #expect(made.exit == .code(0), "\(made.standardError)")
        let before = try Data(contentsOf: URL(filePath: path))
        _ = try await projected.control("status", expecting: 2)
        _ = try await projected.control("check", expecting: 1)
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `a lag without anything applied tells no seconds`(kind: ProjectedDatabase.Kind) async throws {
      try await ProjectedLog.with(Self.yaml, kind) { projected in
        _ = try await projected.project()
        try projected.write([("a", "set", #"{"v":1}"#)], from: 0)
        let status = try await projected.control("status")
        #expect(
          status.standardOutput.contains(
            "partition 0: next offset 0, 0 events, 2 records behind, none applied yet"),
          "\(status.standardOutput)")
        let json = try await projected.control("status", ["--json"])
        #expect(!json.standardOutput.contains("secondsBehind"), "\(json.standardOutput)")
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `every column that is missing is told at once`(kind: ProjectedDatabase.Kind) async throws {
      let yaml = """
        projection: p
        table: {name: things, key: {id: $key}, columns: {v: bigint, w: text, x: date}}
        events: {set: {upsert: {v: v, w: w, x: x}}, other: {sql: "delete from nowhere"}}
        """
      try await ProjectedLog.with(yaml, kind) { projected in
        try projected.database.execute("create table things (id text primary key)")
        let check = try await projected.control("check", expecting: 1)
        for told in [
          "the table sequitur_position", "there is no column v (bigint)", "there is no column w (text)",
          "there is no column x (date)", "the event other: ", "nowhere",
        ] { #expect(check.standardError.contains(told), "\(told): \(check.standardError)") }
        let lines = check.standardError.split(separator: "\n").count
        let json = try await projected.control("check", ["--json"], expecting: 1)
        #expect(json.standardError == "", "\(json.standardError)")
        let document = try JSONDecoder().decode(CheckDocument.self, from: Data(json.standardOutput.utf8))
        #expect(!document.valid && document.faults.isEmpty && document.databaseFaults?.count == lines)
        #expect(document.databaseFaults?.contains { $0.contains("no column w (text)") } == true)
        try projected.database.execute("drop table things")
        try projected.database.execute("create table nowhere (a text)")
        _ = try await projected.project()
        let right = try await projected.control("check", ["--json"])
        #expect(right.standardOutput == #"{"valid":true,"faults":[],"databaseFaults":[]}"# + "\n")
        try projected.rewrite("projection: p\ntable: {}")
        let wrong = try await projected.control("check", ["--json"], expecting: 1)
        let told = try JSONDecoder().decode(CheckDocument.self, from: Data(wrong.standardOutput.utf8))
        #expect(
          !told.valid && !told.faults.isEmpty && told.databaseFaults == nil && wrong.standardError == "")
      }
    }

    private struct CheckDocument: Decodable {
      struct Fault: Decodable { let message: String }
      let valid: Bool
      let faults: [Fault]
      let databaseFaults: [String]?
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `a projection that is reset while nothing comes is told to those that run it`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await withProjectorThatEnds(kind) { projected, projector in
        _ = try await projected.control("reset", ["--yes"])
        #expect(try await projector.waitForExit(timeout: .seconds(60)).exit == .code(2))
        #expect(projector.output.standardError.contains("it was reset, or replaced by another generation"))
      }
    }

    @Test func `a projector says what it does without being asked`() async throws {
      try await withProjector(.sqlite) { projected, projector in
        for told in [
          "the projection begins", "the projection runs", "partitions assigned",
          "the projection has caught up",
        ] { try await projector.waitForOutput(containing: told, timeout: .seconds(30)) }
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `a projector's door tells whether it is ready, and counts`(kind: ProjectedDatabase.Kind) async throws
    {
      try await ProjectedLog.with(Self.yaml, kind) { projected in
        try await RunningProgram.with(
          BuiltProgram.find("sequitur"),
          arguments: projected.arguments(["--create-tables", "--http", "127.0.0.1:0"])
        ) { projector in
          try await projector.waitForOutput(containing: "health, metrics and a page", timeout: .seconds(30))
          let line = try #require(
            projector.output.standardError.firstMatch(of: /url=(http:[^ \n]+)/)?.1)
          func get(_ path: String) async throws -> String {
            try await RunningProgram.run("curl", arguments: ["-s", "--max-time", "10", line + path])
              .standardOutput
          }
          #expect(try await get("live").contains("true"))
          try projected.write([("a", "set", #"{"v":1}"#)], from: 0)
          try await expectRow(projected, "1", "the first event")
          try await eventually("the door to be ready") { try await get("ready").contains(#""ready":true"#) }
          let metrics = try await get("metrics")
          #expect(metrics.contains("\nsequitur_projection_events_total 1\n"), "\(metrics)")
          #expect(metrics.contains(#"sequitur_projection_lag_records{partition="0"}"#), "\(metrics)")
          _ = try await projected.control("pause")
          try projected.write([("a", "set", #"{"v":2}"#), ("a", "set", #"{"v":true}"#)], from: 1)
          try await eventually("the pause to be told") { try await get("ready").contains("paused") }
          #expect(try await get("metrics").contains("\nsequitur_projection_paused 1\n"))
          _ = try await projected.control("resume")
          try await eventually("the partition to wait", within: .seconds(60)) {
            let ready = try await get("ready")
            return ready.contains("event-not-taken") && ready.contains(#""ready":false"#)
          }
          #expect(try await get("metrics").contains(#"sequitur_projection_stopped{partition="0"} 1"#))
          #expect(try await get("status").contains(#""role":"stopped""#))
          _ = try await projected.control("skip", ["--yes"])
          try await eventually("the door to be ready again", within: .seconds(60)) {
            try await get("ready").contains(#""ready":true"#)
          }
          #expect(
            try await get("metrics").contains(
              #"sequitur_projection_events_set_aside_total{fate="skipped"} 1"#))
          projector.terminate()
          #expect(try await projector.waitForExit(timeout: .seconds(60)).exit == .code(0))
        }
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `two projections of one name with different files are told apart`(kind: ProjectedDatabase.Kind)
      async throws
    {
      try await ProjectedLog.with(Self.yaml, kind) { projected in
        _ = try await projected.project()
        try projected.rewrite(Self.yaml.replacing("{v: v}", with: "{v: $version}"))
        let other = try await projected.project(expecting: 2)
        #expect(
          other.standardError.contains("the file has other rules or another table"), "\(other.standardError)")
        #expect(other.standardError.contains("Raise `generation`"))
        try projected.rewrite("# The same.\n" + Self.yaml + "\non-error: record")
        _ = try await projected.project()
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `a topic that was made anew is refused with the way out, which works`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedLog.with(Self.yaml, kind) { projected in
        try projected.write([("a", "set", #"{"v":1}"#), ("b", "set", #"{"v":1}"#)], from: 0)
        _ = try await projected.project()
        let topics = projected.log.topics
        let admin = try KafkaAdmin(configuration: topics.client, logger: quiet)
        _ = try admin.deleteTopics([topics.valid], timeout: .seconds(20))
        try await eventually("the topic to be gone") {
          try admin.metadata(topic: topics.valid, timeout: .seconds(10)).topic(topics.valid) == nil
        }
        try await eventually("the topic to be there") {
          (try? topics.create(topics.valid, partitions: 1)) != nil
        }
        let empty = try await projected.project(expecting: 2)
        #expect(empty.standardError.contains("deleted and created again"), "\(empty.standardError)")
        // Longer than before, and of the same positions: what stands there is told apart by what it is.
        try projected.write((0..<5).map { ("x", "set", "{\"v\":\($0)}") }, from: 7)
        let longer = try await projected.project(expecting: 2)
        #expect(longer.standardError.contains("/0/8/0 stands there"), "\(longer.standardError)")
        #expect(longer.standardError.contains("sequitur project reset"))
        let no = try await projected.control("reset", expecting: 2)
        #expect(no.standardError.contains("Delete all rows of things"))
        #expect(try projected.database.rows("select * from things").count == 2)
        _ = try await projected.control("reset", ["--yes"])
        _ = try await projected.project()
        #expect(try projected.database.pairs("select id, v from things") == ["x": "4"])
      }
    }

    @Test func `a database that cannot be used is told without its password`() async throws {
      try await withFile("p.yaml", Data(Self.yaml.utf8)) { file in
        let topics = try TopicFixture()
        for (address, told) in [
          ("mysql://me:s3cret@host/db", "as postgres://USER@HOST/NAME"),
          ("postgres://me:s3cret@/nowhere?host=/nowhere", "No such file or directory"),
          ("postgres://me:s3c/ret@host/db", "percent"), ("host=x password='s3cret", "password"),
          ("sqlite:", "the path of a file"), ("sqlite:/nowhere/s3.db", "there is no such file"),
        ] {
          let result = try await sequitur(
            ["project", "check", file, "--database", address])
          #expect(result.exit == .code(2), "\(address)")
          #expect(
            !result.standardError.contains("s3cret") && !result.standardError.contains("s3c/"),
            "\(result.standardError)")
          #expect(
            told == "percent" || told == "password" || result.standardError.contains(told),
            "\(result.standardError)")
        }
        let none = try await sequitur(["project", file] + topics.arguments)
        #expect(none.exit == .code(2) && none.standardError.contains("Expected --database"))
      }
    }

    @Test func `a file that is wrong ends with 2, and check with 1`() async throws {
      try await withFile("p.yaml", Data(Self.yaml.replacing("v: v", with: "w: v").utf8)) { file in
        let check = try await sequitur(["project", "check", file])
        #expect(check.exit == .code(1))
        #expect(
          check.standardError.contains("p.yaml:3:25: Expected a column of the table, but found `w`"),
          "\(check.standardError)")
        let run = try await sequitur(["project", file, "--database", "sqlite:/tmp/never"])
        #expect(run.exit == .code(2) && run.standardError.contains("p.yaml:3:25: "))
        let missing = try await sequitur(["project", "check", "/nowhere/p.yaml"])
        #expect(missing.exit == .code(2) && missing.standardError.contains("Expected to read the projection"))
      }
    }
  }
}
