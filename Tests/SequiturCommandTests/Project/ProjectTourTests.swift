import Foundation
import TestBroker
import TestDatabase
import Testing

extension SequiturCommandTests {
  /// The README's tour through a table of orders, run as it stands there.
  @Suite(.enabled(if: TestBroker.isAvailable && TestDatabase.isAvailable)) struct ProjectTourTests {
    /// What the README shows behind a command, up to the next one or the block's end.
    private func shown(behind command: String) throws -> String {
      let text = try String(contentsOf: PackageRoot.url.appending(path: "README.md"), encoding: .utf8)
      let start = try #require(text.range(of: "$ \(command)\n")).upperBound
      let rest = text[text.index(before: start)...]
      let ends = [rest.range(of: "\n$ "), rest.range(of: "\n```")].compactMap { $0?.lowerBound }
      return String(rest[..<(try #require(ends.min()))].dropFirst())
    }

    /// Times are those of the run.
    private func withoutTimes(_ text: String) -> String {
      // psql's column is as wide as the time, whose last digits are left out where they are 0.
      text.replacing(/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+\+00 */, with: "TIME")
        .replacing(/-{3,}/, with: "---").replacing(/[ ]+/, with: " ")
        .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "\n")
    }

    @Test func `the orders are in a table, as the README shows them`() async throws {
      let topics = try TopicFixture(partitions: 4)
      let orders = PackageRoot.url.appending(path: "Examples/Orders").path
      try await ProjectedDatabase.with(.postgreSQL) { database in
        try await withFile("unused", Data()) { path in
          let state = URL(filePath: path).deletingLastPathComponent().appending(path: "state").path
          let sent = try await sequitur(["submit", "\(orders)/orders.jsonl"] + topics.arguments)
          #expect(sent.exit == .code(0), "\(sent.standardError)")
          let worked = try await sequitur(
            ["worker", "--rules", "\(orders)/orders.yaml", "--state-dir", state, "--until-caught-up"]
              + topics.arguments, timeout: .seconds(120))
          #expect(worked.exit == .code(0), "\(worked.standardError)")
          let command =
            "sequitur project Examples/Orders/order_list.yaml --database postgres:///shop --create-tables "
            + "--until-caught-up --log-level warning"
          #expect(try shown(behind: command) == "")
          let projected = try await sequitur(
            [
              "project", "\(orders)/order_list.yaml", "--database", database.address, "--create-tables",
              "--until-caught-up", "--log-level", "warning",
            ] + topics.arguments, timeout: .seconds(120))
          #expect(projected.exit == .code(0) && projected.standardError == "", "\(projected.standardError)")
          let query = "select * from orders order by id"
          let table = try await RunningProgram.run("psql", arguments: [database.address, "-X", "-c", query])
          #expect(
            withoutTimes(table.standardOutput) == withoutTimes(try shown(behind: "psql shop -c '\(query)'")),
            "\(table.standardOutput)")
          let audit = try await sequitur(
            ["verify", "--projection", "\(orders)/order_list.yaml", "--database", database.address]
              + topics.arguments)
          #expect(
            audit.standardOutput.trimmingCharacters(in: .newlines)
              == (try shown(
                behind:
                  "sequitur verify --projection Examples/Orders/order_list.yaml --database postgres:///shop")),
            "\(audit.standardOutput)")
        }
      }
    }
  }
}
