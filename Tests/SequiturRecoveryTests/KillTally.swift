import Foundation

@testable import SequiturWorker

/// What the rounds met, to show that the moments were what they were meant to be.
struct KillTally: CustomStringConvertible {
  var phases: [String: Int] = [:]
  /// Rounds that waited for one of the moments.
  var aimed = 0
  var openTransactions = 0
  var unfinishedRestores = 0
  var unfinishedFiles = 0
  /// Kills while the drain's thread was at work.
  var drains = 0
  /// Killed partitions, and kills, with committed objects that no drain had written.
  var undrained = 0
  var undrainedKills = 0
  /// Kills that left a table of the store half written: in a flush or a compaction.
  var unfinishedTables = 0
  /// Restores that looked at the changelog a second time, from its start.
  var secondLooks = 0
  var tails: [Int64] = []
  var events = 0
  var storesChecked = 0

  /// Undrained are at most five seconds' worth of commands, of which the feed sends fewer than 10,000 each.
  static let undrainedRecordsMax = 50_000

  /// What kills hit.
  var moments: [(moment: String, kills: Int)] {
    [
      ("a transaction in flight", openTransactions), ("a drain", drains),
      ("a flush or compaction", unfinishedTables), ("a restore", unfinishedRestores),
      ("with committed objects not yet in the store", undrainedKills),
    ]
  }

  var table: String {
    (["| killed in | kills |", "|---|---|"] + moments.map { "| \($0.moment) | \($0.kills) |" })
      .joined(separator: "\n")
  }

  var description: String {
    let tails = tails.sorted()
    return """
      phases \(phases.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")) \
      (\(aimed) aimed); killed in a transaction \(openTransactions), in a drain \(drains), in a flush or compaction \
      \(unfinishedTables), in a restore \(unfinishedRestores) (\(unfinishedFiles) with a table file half written), \
      with committed objects not yet in the store \(undrainedKills); \(events) events, \(storesChecked) stores \
      compared; records replayed: median \(tails.isEmpty ? 0 : tails[tails.count / 2]), most \(tails.last ?? 0) \
      (\(tails.count) tails; \(secondLooks) changelogs read a second time, from their start)
      """
  }

  /// Looks at what a killed worker logged and left behind.
  ///
  /// - Returns: the partitions that it served.
  mutating func note(_ log: String, _ bench: KillBench) -> Set<Int32> {
    let served = Set((0..<Int32(bench.bench.partitions)).filter { log.contains("partition=\($0) position") })
    if log.contains("partitions assigned"), served.count < bench.bench.partitions { unfinishedRestores += 1 }
    let left = (try? FileManager.default.contentsOfDirectory(atPath: bench.bench.stateDirectory)) ?? []
    if left.contains(where: { $0.hasSuffix(".sst") }) { unfinishedFiles += 1 }
    var tables = StoreTables(bench.bench.stateDirectory + "/store")
    if tables.isAnyUnfinished() { unfinishedTables += 1 }
    return served
  }
}
