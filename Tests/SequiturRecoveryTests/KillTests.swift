import Foundation
import KafkaClient
import SeededRandom
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
  /// | `SEQUITUR_KILL_BUILD` | `release`: kills the released program |
  ///
  /// Half of the rounds wait for a moment that random kills seldom meet (``KillMoment/Aim``).
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
    var random = SplitMix64(seed: seed)
    var tally = KillTally()
    // A test broker keeps everything in memory, and an audit reads all of it: now and then new topics.
    for first in stride(from: 1, through: rounds, by: 20) {
      let bench = try await KillBench(
        partitions: number("PARTITIONS") ?? 2, program: program)
      try bench.preload(number("OBJECTS") ?? 2000)
      var run = try KillRun(bench)
      try await run.settle(killed: nil, [], &tally)
      for round in first..<min(first + 20, rounds + 1) {
        try await run.round(KillMoment(round: round, &random), seed: random.next(), &tally)
        FileHandle.standardOutput.write(Data("round \(round): \(tally)\n".utf8))
        let hasFailed = run.hasFailed
        try #require(!hasFailed, "round \(round)")
      }
    }
    print("kill -9, \(rounds) rounds: \(tally)\n\(tally.table)")
    // A run of this length that never met one of these moments says nothing about it.
    for (moment, kills) in tally.moments where rounds >= 40 {
      #expect(kills > 0, "no kill of \(rounds) hit \(moment)")
    }
  }
}
