import Foundation
import TestBroker
import TestDatabase
import Testing

extension SequiturCommandTests {
  /// The incidents of a real log, projected while they are decided.
  @Suite(
    .enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable && SharedData.folder != nil))
  struct ProjectIncidentsTests {
    private static let yaml = """
      projection: incidents
      table: {name: incidents, key: {id: $key}, columns: {status: text, version: bigint}}
      events:
        started: {upsert: {status: "'active'", version: $version}}
        queued: {upsert: {status: "'queued'", version: $version}}
        assigned: {update: {status: "'assigned'", version: $version}}
        suspended: {update: {status: "'waiting'", version: $version}}
        resolved: {update: {status: "'resolved'", version: $version}}
        closed: {update: {status: "'closed'", version: $version}}
        cancelled: {update: {status: "'cancelled'", version: $version}}
      """

    private struct Expected: Decodable { let statesDigest: String }

    @Test(arguments: ProjectedDatabase.Kind.allCases)
    func `the digest of the incidents' table is that of an independent fold`(kind: ProjectedDatabase.Kind)
      async throws
    {
      let data = try #require(SharedData.folder)
      let topics = try TopicFixture(partitions: 4)
      try await ProjectedDatabase.with(kind) { database in
        try await withFile("incidents.yaml", Data(Self.yaml.utf8)) { file in
          let directory = URL(filePath: file).deletingLastPathComponent()
          let commands = directory.appending(path: "incidents.jsonl").path
          let unpacked = try await RunningProgram.run(
            "sh", arguments: ["-c", "zcat '\(data.path)/incidents.jsonl.gz' > '\(commands)'"])
          #expect(unpacked.exit == .code(0), "\(unpacked.standardError)")
          let arguments =
            ["project", file, "--database", database.address, "--create-tables", "--instance-id", "one"]
            + topics.arguments
          try await RunningProgram.with(BuiltProgram.find("sequitur"), arguments: arguments) { projector in
            let sent = try await sequitur(["submit", commands] + topics.arguments, timeout: .seconds(120))
            #expect(sent.exit == .code(0), "\(sent.standardError)")
            let worked = try await sequitur(
              [
                "worker", "--rules", data.appending(path: "incidents.yaml").path, "--state-dir",
                directory.appending(path: "state").path, "--until-caught-up",
              ] + topics.arguments, timeout: .seconds(300))
            #expect(worked.exit == .code(0), "\(worked.standardError)")
            projector.terminate()
            #expect(try await projector.waitForExit(timeout: .seconds(60)).exit == .code(0))
          }
          let rest = try await sequitur(arguments + ["--until-caught-up"], timeout: .seconds(300))
          #expect(rest.exit == .code(0), "\(rest.standardError)")
          let lines = try database.rows("select id, version, status from incidents")
            .map { $0.compactMap { $0 }.joined(separator: "\t") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
          let path = directory.appending(path: "rows").path
          try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: path))
          let digest = try await RunningProgram.run("sha256sum", arguments: [path]).standardOutput
          let expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: data.appending(path: "incidents.expected.json")))
          #expect(lines.count > 7_000)
          #expect(digest.hasPrefix(expected.statesDigest), "\(digest)")
          let audit = try await sequitur(
            ["verify", "--projection", file, "--database", database.address] + topics.arguments,
            timeout: .seconds(120))
          #expect(audit.exit == .code(0), "\(audit.standardOutput)")
        }
      }
    }
  }
}
