import Foundation
import SeededRandom
import Synchronization
import TestBroker
import TestDatabase
import Testing

extension SequiturCommandTests {
  /// A generation that is built beside the current one.
  @Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable)) struct ProjectGenerationTests {
    private static func yaml(_ generation: Int, _ mark: String) -> String {
      """
      projection: counts
      generation: \(generation)
      table: {name: counts, key: {id: $key}, columns: {n: bigint, mark: text}}
      events: {"*": {upsert: {mark: "'\(mark)'"}, increment: {n: 1}}}
      """
    }

    /// What a reader of the table sees, read by read.
    private final class Reader: Sendable {
      private let database: ProjectedDatabase
      private let seen = Mutex<(counts: [String: Int], marks: [String], faults: [String])>(([:], [], []))

      init(_ database: ProjectedDatabase) { self.database = database }

      var marks: [String] { seen.withLock { $0.marks } }
      var faults: [String] { seen.withLock { $0.faults } }

      /// Reads the whole table by one statement.
      func read() throws {
        let rows = try database.rows("select id, n, mark from counts")
        seen.withLock { seen in
          let marks = Set(rows.map { $0[2] ?? "" })
          if marks.count > 1 { seen.faults.append("a mix of \(marks)") }
          if let mark = marks.first, seen.marks.last != mark { seen.marks.append(mark) }
          for row in rows {
            let (id, n) = (row[0] ?? "", Int(row[1] ?? "") ?? 0)
            if n < seen.counts[id] ?? 0 {
              seen.faults.append("\(id) went back from \(seen.counts[id] ?? 0) to \(n)")
            }
            seen.counts[id] = n
          }
          for id in seen.counts.keys where !rows.contains(where: { $0[0] == id }) {
            seen.faults.append("\(id) is gone")
          }
        }
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `a generation is swapped in under load, and no reader sees a mix or goes back`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedApplication.with(Self.yaml(1, "one"), kind) { projected in
        var random = SplitMix64(seed: 2_420)
        try projected.application.send(500, &random)
        try await projected.application.work()
        let worker = try projected.application.startWorker()
        defer { worker.kill() }
        let old = try projected.start("old")
        defer { old.kill() }
        try await eventually("the first rows") { try projected.appliedEvents() > 0 }
        let reader = Reader(projected.database)
        try await withFile("two.yaml", Data(Self.yaml(2, "two").utf8)) { file in
          let second = ProjectedApplication(
            application: projected.application, database: projected.database, file: file)
          let new = try second.start("new")
          defer { new.kill() }
          try await eventually("the new generation's rows", within: .seconds(120)) {
            try projected.application.send(20, &random)
            try reader.read()
            if new.exit != nil { throw FixtureFault.notVisible("a projector that runs: \(new.output)") }
            return reader.marks.last == "two"
          }
          // The old instance is told that it is over.
          #expect(try await old.waitForExit(timeout: .seconds(60)).exit == .code(2))
          #expect(old.output.standardError.contains("replaced by another generation"))
          for _ in 0..<10 {
            try projected.application.send(20, &random)
            try reader.read()
          }
          worker.terminate()
          try await worker.waitForExit(timeout: .seconds(60))
          try await projected.application.work()
          new.terminate()
          #expect(try await new.waitForExit(timeout: .seconds(60)).exit == .code(0))
          try await second.project("new")
        }
        #expect(reader.marks == ["one", "two"] && reader.faults == [])
        #expect(try projected.database.pairs("select id, n from counts") == projected.eventCounts())
        let status = try await sequitur([
          "project", "status", projected.file, "--database", projected.database.address,
          "--bootstrap-servers",
          projected.application.topics.bootstrap,
        ])
        #expect(status.exit == .code(1))
        #expect(
          status.standardOutput.hasPrefix("counts, generation 1, replaced by generation 2: use the file"),
          "\(status.standardOutput)")
        let late = try await projected.project("old", expecting: 2)
        #expect(late.standardError.contains("to be of generation 2"), "\(late.standardError)")
      }
    }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `a generation that catches up in a run that ends is the current one then`(
      kind: ProjectedDatabase.Kind
    ) async throws {
      try await ProjectedApplication.with(Self.yaml(1, "one"), kind) { projected in
        var random = SplitMix64(seed: 2_421)
        try projected.application.send(300, &random)
        try await projected.application.work()
        try await projected.project()
        try await withFile("two.yaml", Data(Self.yaml(3, "three").utf8)) { file in
          let third = ProjectedApplication(
            application: projected.application, database: projected.database, file: file)
          try await third.project()
          #expect(try projected.database.rows("select distinct mark from counts") == [["three"]])
          // The old rows stay until somebody drops them.
          #expect(try projected.database.rows("select distinct mark from counts__g1") == [["one"]])
          #expect(try projected.database.pairs("select id, n from counts") == projected.eventCounts())
          try await third.project()
        }
      }
    }
  }
}
