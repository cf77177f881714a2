import Foundation
import SeededRandom
import TestBroker
import TestDatabase
import Testing

extension SequiturCommandTests {
  /// Each event once, whatever is killed.
  @Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable)) struct ProjectExactlyOnceTests {
    /// How often projectors are killed in each test: `SEQUITUR_PROJECTION_ROUNDS`.
    static let rounds =
      ProcessInfo.processInfo.environment["SEQUITUR_PROJECTION_ROUNDS"].flatMap { Int($0) } ?? 5

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `n = n + 1 is exact when the projector is killed with -9`(kind: ProjectedDatabase.Kind) async throws
    {
      try await ProjectedApplication.with(ProjectedApplication.counts, kind) { projected in
        try await killAndProject(projected, seed: 2_400)
        #expect(try projected.database.pairs("select id, n from counts") == projected.eventCounts())
      }
    }

    @Test
    func
      `rows that are copied are there once when the projector is killed with -9, and in a second generation`()
      async throws
    {
      try await ProjectedApplication.with(ProjectedApplication.journal, .postgreSQL) { projected in
        try await killAndProject(projected, seed: 2_405)
        let query = "select id, o || ' ' || version from journal"
        let events = Dictionary(
          uniqueKeysWithValues: try projected.application.events().map { ($0.id, "\($0.key) \($0.version)") })
        #expect(events.count > 400)
        #expect(try projected.database.pairs(query) == events)
        try await withFile("two.yaml", Data((ProjectedApplication.journal + "\ngeneration: 2").utf8)) {
          file in
          let second = ProjectedApplication(
            application: projected.application, database: projected.database, file: file)
          let projector = try second.start()
          try await eventually("rows of the second generation") {
            try projected.database.rows("select relname from pg_class where relname = 'journal__g2'").count
              > 0
              && projected.database.rows("select 1 from journal__g2 limit 1").count > 0
              || projected.database.rows("select relname from pg_class where relname = 'journal__g1'").count
                > 0
          }
          projector.kill()
          try await projector.waitForExit(timeout: .seconds(30))
          try await second.project()
        }
        #expect(try projected.database.pairs(query) == events)
        #expect(try projected.database.pairs(query.replacing("journal", with: "journal__g1")) == events)
      }
    }

    /// Kills a projector again and again while events come, then has all of them applied.
    private func killAndProject(_ projected: ProjectedApplication, seed: UInt64) async throws {
      var random = SplitMix64(seed: seed)
      try projected.application.send(400, &random)
      try await projected.application.work()
      let worker = try projected.application.startWorker()
      defer { worker.kill() }
      for round in 0..<Self.rounds {
        try projected.application.send(300, &random)
        let before = try projected.appliedEvents()
        let projector = try projected.start()
        try await eventually("events to be applied in round \(round)") {
          if projector.exit != nil {
            throw FixtureFault.notVisible("a projector that runs: \(projector.output)")
          }
          return try projected.appliedEvents() > before
        }
        projector.kill()
        try await projector.waitForExit(timeout: .seconds(30))
      }
      worker.terminate()
      try await worker.waitForExit(timeout: .seconds(60))
      try await projected.application.work()
      try await projected.project()
    }

    @Test func `n = n + 1 is exact when the server is stopped in the middle`() async throws {
      try await ProjectedApplication.with(ProjectedApplication.counts, .postgreSQL, ownServer: true) {
        projected in
        let server = try #require(projected.database.server)
        var random = SplitMix64(seed: 2_401)
        try projected.application.send(200, &random)
        try await projected.application.work()
        let worker = try projected.application.startWorker()
        defer { worker.kill() }
        let projector = try projected.start()
        defer { projector.kill() }
        try await eventually("the first events") { try projected.appliedEvents() > 0 }
        for round in 0..<Self.rounds {
          let before = try projected.appliedEvents()
          try projected.application.send(300, &random)
          server.stopImmediately()
          try server.startAgain()
          try await eventually("events behind stop \(round)", within: .seconds(120)) {
            if projector.exit != nil {
              throw FixtureFault.notVisible("a projector that runs: \(projector.output)")
            }
            return try projected.appliedEvents() > before
          }
        }
        worker.terminate()
        try await worker.waitForExit(timeout: .seconds(60))
        try await projected.application.work()
        projector.terminate()
        #expect(try await projector.waitForExit(timeout: .seconds(60)).exit == .code(0))
        #expect(projector.output.standardError.contains("the projection is held up"))
        try await projected.project()
        #expect(try projected.database.pairs("select id, n from counts") == projected.eventCounts())
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `a projector that was stopped and goes on later applies nothing twice`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedApplication.with(ProjectedApplication.counts, partitions: 1, kind) { projected in
        var random = SplitMix64(seed: 2_402)
        try projected.application.send(200, &random)
        try await projected.application.work()
        let zombie = try projected.start("zombie")
        defer { zombie.kill() }
        try await eventually("the first events") { try projected.appliedEvents() > 0 }
        zombie.suspend()
        try projected.application.send(300, &random)
        try await projected.application.work()
        // The same static member: it takes the zombie's place in the group at once.
        try await projected.project("zombie")
        #expect(try projected.database.pairs("select id, n from counts") == projected.eventCounts())
        zombie.resume()
        try projected.application.send(100, &random)
        try await projected.application.work()
        try await projected.project("zombie")
        zombie.terminate()
        try await zombie.waitForExit(timeout: .seconds(60))
        #expect(try projected.database.pairs("select id, n from counts") == projected.eventCounts())
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `two instances share the partitions, and n is exact while one comes and goes`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedApplication.with(ProjectedApplication.counts, partitions: 4, kind) { projected in
        var random = SplitMix64(seed: 2_403)
        try projected.application.send(400, &random)
        try await projected.application.work()
        let one = try projected.start("one")
        defer { one.kill() }
        try await eventually("the first events") { try projected.appliedEvents() > 0 }
        for _ in 0..<2 {
          let two = try projected.start("two")
          defer { two.kill() }
          try projected.application.send(400, &random)
          try await projected.application.work()
          let all = try projected.application.events().count
          do {
            try await eventually("all events") { try projected.appliedEvents() == all }
          } catch {
            Issue.record("one: \(one.output), two: \(two.output)")
            throw error
          }
          two.terminate()
          #expect(try await two.waitForExit(timeout: .seconds(60)).exit == .code(0))
        }
        one.terminate()
        #expect(try await one.waitForExit(timeout: .seconds(60)).exit == .code(0))
        #expect(try projected.database.pairs("select id, n from counts") == projected.eventCounts())
      }
    }

    @Test(.enabled(if: PackageRoot.python != nil), arguments: ProjectedDatabase.Kind.allCases)
    func `a table equals the fold of the topic by an independent program`(kind: ProjectedDatabase.Kind)
      async throws
    {
      try await ProjectedApplication.with(partitions: 3, kind) { projected in
        var random = SplitMix64(seed: 2_404)
        try projected.application.send(1_500, &random)
        try await projected.application.work()
        try await projected.project()
        let topics = projected.application.topics
        let script = PackageRoot.url.appending(path: "Tests/SequiturCommandTests/Project/fold_orders.py").path
        let fold = try await RunningProgram.run(
          try #require(PackageRoot.python).path, arguments: [script, topics.bootstrap, topics.valid, "3"],
          timeout: .seconds(120))
        #expect(fold.exit == .code(0), "\(fold.standardError)")
        let query = "select id, total, status, version from orders"
        func rows() throws -> [String] {
          try projected.database.rows(query).map { $0.compactMap { $0 }.joined(separator: " ") }.sorted()
        }
        let folded = fold.standardOutput.split(separator: "\n").map(String.init).sorted()
        #expect(folded.count > 10)
        #expect(try rows() == folded)
        // And again, with nothing new.
        try await projected.project()
        #expect(try rows() == folded)
      }
    }
  }
}
