import Foundation
import PostgreSQL
import SequiturOutbox
import TestBroker
import TestDatabase
import Testing

extension SequiturOutboxTests {
  /// How the database carries out what a relay asks for, as its own log tells it (`auto_explain`).
  struct PlanTests {
    private static let rows = 3_000

    /// What the planner may believe of a table that has been a queue.
    enum Belief: String, CaseIterable {
      case nothing = ""
      /// The statistics say that a page has no row, and pages are there.
      case emptyByVacuum = "vacuum (truncate false, analyze) outbox"
      case emptyByAnalysis = "analyze outbox"
      case noPages = "vacuum (analyze) outbox"
      case truncated = "truncate outbox; vacuum (analyze) outbox"
    }

    /// Rows of which half cannot be sent.
    private static let fill =
      "insert into outbox (key, payload) select case when i % 2 > 0 then 'k' || i % 99 end, i "
      + "from generate_series(1, \(rows)) i"

    /// The rows that a statement's plan went through, those that it left out among them.
    private func work(_ plan: [String: Any]) -> Int {
      let names = [
        "Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter",
        "Rows Removed by Index Recheck",
      ]
      let own = names.reduce(0) { $0 + Int((plan[$1] as? NSNumber)?.doubleValue ?? 0) }
      let loops = Int((plan["Actual Loops"] as? NSNumber)?.doubleValue ?? 1)
      return own * loops + (plan["Plans"] as? [[String: Any]] ?? []).reduce(0) { $0 + work($1) }
    }

    /// The plans of a log, by the first word of their statement.
    private func plans(_ log: String) -> [(verb: String, work: Int)] {
      log.components(separatedBy: "plan:\n").dropFirst().compactMap { text in
        let json = text.split(separator: "\n", omittingEmptySubsequences: false)
          .prefix { $0.hasPrefix("\t") || $0.hasPrefix("{") || $0.hasPrefix("}") }.joined(separator: "\n")
        guard let plan = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any],
          let statement = plan["Query Text"] as? String, statement.contains("outbox"),
          let root = plan["Plan"] as? [String: Any]
        else { return nil }
        return (String(statement.prefix { $0.isLetter }), work(root))
      }
    }

    @Test(arguments: Belief.allCases)
    func
      `selecting, deleting and parking go through few rows more than a batch has, whatever the planner believes`(
        belief: Belief
      ) async throws
    {
      let server = try DatabaseServer.start([
        "shared_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0",
        "auto_explain.log_analyze": "on", "auto_explain.log_timing": "off", "auto_explain.log_format": "json",
        "autovacuum": "off",
      ])
      defer { server.remove() }
      let outbox = try OutboxFixture(on: server)
      try outbox.execute("\(Self.fill); delete from outbox")
      for statement in belief.rawValue.split(separator: ";") { try outbox.execute(String(statement)) }
      try outbox.execute(Self.fill)
      let before = server.log.utf8.count
      let figures = try await outbox.relay { $0.shards = 1 }
      #expect(figures.sent + figures.parked == Self.rows)
      #expect(figures.parked == Self.rows / 2)
      let plans = plans(String(decoding: server.log.utf8.dropFirst(before), as: UTF8.self))
      for verb in ["select", "delete", "with"] {
        let most = try #require(plans.filter { $0.verb == verb }.map(\.work).max(), "\(verb)")
        // Each row comes by a few nodes of the plan; a row for each other one would be a hundred times as many.
        #expect(most < 20 * Self.rows, "\(verb): \(plans)")
      }
    }
  }
}
