import PostgreSQL
import TestBroker
import TestDatabase
import Testing

extension SequiturCommandTests {
  /// Rights on a cluster with ACLs that an outbox's relay lacks: see ``ClusterRightTests``.
  @Suite(.enabled(if: SecuredCluster.isNamed), .enabled(if: TestDatabase.isAvailable))
  struct OutboxRightTests {
    @Test(arguments: ["commands", "outbox", "txn"], ["poll", "tail"])
    func `a relay that may not begin says which right it lacks`(what: String, mode: String) async throws {
      let cluster = try await SecuredCluster.make()
      try await cluster.allow(butNot: what, "all")
      let database = try await Self.outbox()
      defer { Self.dropSlot(database, cluster) }
      let result = try await sequitur(
        ["outbox", "run", "--mode", mode, "--until-empty", "--database", database] + cluster.arguments)
      #expect(result.exit == .code(2), "\(result.standardError)")
      #expect(!result.standardError.contains(cluster.password))
    }

    @Test(arguments: [("commands", "poll"), ("commands", "tail"), ("outbox", "poll"), ("outbox", "tail")])
    func `a right to write that is taken away is told once, until it is given back`(
      topic: String, mode: String
    ) async throws {
      let cluster = try await SecuredCluster.make()
      try await cluster.allow()
      let database = try await Self.outbox()
      let relay = try RunningProgram.start(
        BuiltProgram.find("sequitur"),
        arguments: [
          "outbox", "run", "--mode", mode, "--database", database, "--http", "127.0.0.1:0", "--log-level",
          "info",
        ] + cluster.arguments)
      defer {
        relay.kill()
        Self.dropSlot(database, cluster)
      }
      try await relay.waitForOutput(containing: "the outbox is served", timeout: .seconds(90))
      try await cluster.allow(butNot: topic, "WRITE")
      for key in ["a", "b"] {
        try PostgreSQLConnection(database).query("insert into outbox (key) values ($1)", [.text(key)])
      }
      try await relay.waitForOutput(containing: "a right on the brokers is missing", timeout: .seconds(90))
      // It tries again and again, and steps on the way succeed: none of them ends the trouble.
      let door = try #require(relay.output.standardError.firstMatch(of: /url=(http:\/\/[0-9.:]+)/)).1
      try await eventually("it was tried once more", within: .seconds(120)) {
        let metrics = try await RunningProgram.run("curl", arguments: ["-s", "\(door)/metrics"])
          .standardOutput
        let failures = metrics.firstMatch(of: /\nsequitur_outbox_step_failures_total (\d+)/).flatMap {
          Int($0.1)
        }
        return (failures ?? 0) >= 2
      }
      #expect(!relay.output.standardError.contains("the outbox goes on"), "\(relay.output.standardError)")
      try await cluster.allow()
      try await relay.waitForOutput(containing: "the outbox goes on", timeout: .seconds(120))
      // The name is taken back first, and the rows come behind that.
      try await eventually("the rows are sent", within: .seconds(120)) {
        try await RunningProgram.run("curl", arguments: ["-s", "\(door)/status"]).standardOutput
          .contains(#""sent":2"#)
      }
      relay.terminate()
      let ended = try await relay.waitForExit(timeout: .seconds(60))
      #expect(ended.exit == .code(0))
      #expect(ended.standardOutput.contains("2 rows sent"), "\(ended.standardOutput)")
      #expect(!ended.standardError.contains(cluster.password))
    }

    /// A database with the tables.
    private static func outbox() async throws -> String {
      let database = try TestDatabase.make()
      let made = try await sequitur(["outbox", "create", "--database", database])
      #expect(made.exit == .code(0), "\(made.standardError)")
      return database
    }

    private static func dropSlot(_ database: String, _ cluster: SecuredCluster) {
      let which =
        "from pg_replication_slots where slot_name like '%\(cluster.name.lowercased().replacing("-", with: "_"))%'"
      _ = try? PostgreSQLConnection(database).execute(
        "select pg_terminate_backend(active_pid, 10000) \(which) and active; "
          + "select pg_drop_replication_slot(slot_name) \(which)")
    }
  }
}
