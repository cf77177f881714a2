import Foundation
import KafkaClient
import Sequitur
import TestBroker
import Testing

@testable import SequiturWorker

extension StateTests {
  /// | environment variable | |
  /// |---|---|
  /// | `SEQUITUR_KILL_ROUNDS` | how many rounds; default 3 |
  /// | `SEQUITUR_KILL_SEED` | repeats one run's choices |
  /// | `SEQUITUR_KILL_OBJECTS` | objects that a restore from nothing has to read at least; default 2,000 |
  /// | `SEQUITUR_KILL_PARTITIONS` | default 2 |
  /// | `SEQUITUR_KILL_IDS` | `changing`: each worker has a transactional id of its own; default on a test broker |
  /// | `SEQUITUR_KILL_BUILD` | `release`: kills the released program |
  ///
  /// After each round: what the dead worker left on the disk is exactly what the events say up to the command it
  /// stands for; the next worker reads no more of the changelog than what the disk lacks, which is below the
  /// bound; then the audit finds no fault, and the store is the fold of all events.
  @Test func `the store survives kill -9 at random moments`() async throws {
    let environment = ProcessInfo.processInfo.environment
    func number(_ name: String) -> Int? { environment["SEQUITUR_KILL_\(name)"].flatMap { Int($0) } }
    let rounds = number("ROUNDS") ?? 3
    let seed = environment["SEQUITUR_KILL_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
    let program = try BuiltProgram.find(
      "sequitur", environment["SEQUITUR_KILL_BUILD"] == "release" ? .release : nil)
    print("SEQUITUR_KILL_SEED=\(seed)")
    var random = SplitMix(state: seed)
    var tally = KillTally()
    // A test broker keeps everything in memory, and an audit reads all of it: now and then new topics.
    for first in stride(from: 1, through: rounds, by: 20) {
      let bench = try await KillBench(
        partitions: number("PARTITIONS") ?? 2, program: program,
        changesIDs: environment["SEQUITUR_KILL_IDS"].map { $0 == "changing" } ?? !TestBroker.isOutside)
      try bench.preload(number("OBJECTS") ?? 2000)
      var run = try KillRun(bench)
      try await run.settle(killed: nil, [], &tally)
      for round in first..<min(first + 20, rounds + 1) {
        try await run.round(KillMoment(&random), seed: random.next(), &tally)
        FileHandle.standardOutput.write(Data("round \(round): \(tally)\n".utf8))
        let hasFailed = run.hasFailed
        try #require(!hasFailed, "round \(round)")
      }
    }
    print("kill -9, \(rounds) rounds: \(tally)\n\(tally.table)")
    // A run of this length that never met one of these moments says nothing about it.
    for (moment, kills) in tally.moments where rounds >= 100 {
      #expect(kills > 0, "no kill of \(rounds) hit \(moment)")
    }
  }
}

/// When the worker is killed.
struct KillMoment: CustomStringConvertible {
  enum Phase: String {
    /// While it starts, joins and restores.
    case start
    /// While it restores from nothing: the store was deleted.
    case restore
    /// Under load: in transactions, drains and flushes.
    case load
    /// After SIGTERM: in the last transaction, the last drains, the last flush.
    case stop
  }

  let phase: Phase
  /// From the phase's beginning.
  let milliseconds: Int

  init(_ random: inout SplitMix) {
    switch random.next() % 10 {
    case 0: phase = .start
    case 1, 2: phase = .restore
    case 3: phase = .stop
    default: phase = .load
    }
    let range: UInt64 =
      switch phase {
      case .start: 500
      case .restore: 700
      case .load: 2500
      case .stop: 60
      }
    milliseconds = Int(random.next() % range)
  }

  var description: String { "\(phase.rawValue) + \(milliseconds) ms" }
}

/// What the rounds met, to show that the moments were what they were meant to be.
struct KillTally: CustomStringConvertible {
  var phases: [String: Int] = [:]
  var openTransactions = 0
  var unfinishedRestores = 0
  var unfinishedFiles = 0
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

  /// What kills hit.
  var moments: [(moment: String, kills: Int)] {
    [
      ("a transaction in flight", openTransactions), ("committed objects not yet drained", undrainedKills),
      ("a flush or compaction", unfinishedTables), ("a restore", unfinishedRestores),
    ]
  }

  var table: String {
    (["| killed in | kills |", "|---|---|"] + moments.map { "| \($0.moment) | \($0.kills) |" })
      .joined(separator: "\n")
  }

  var description: String {
    let tails = tails.sorted()
    return """
      phases \(phases.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")); \
      killed in a transaction \(openTransactions), in a restore \(unfinishedRestores) (\(unfinishedFiles) with a \
      table file half written), in a flush or compaction \(unfinishedTables), with committed objects not \
      yet in the store \(undrained); \(events) events, \(storesChecked) stores \
      compared; records replayed: median \(tails.isEmpty ? 0 : tails[tails.count / 2]), most \(tails.last ?? 0) \
      (\(tails.count) tails; \(secondLooks) changelogs read a second time, from their start)
      """
  }
}
