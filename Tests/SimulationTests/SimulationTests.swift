import SequiturTesting
import Testing

@Suite struct SimulationTests {
  @Test func `a few hundred worlds keep every guarantee`() {
    for seed in UInt64(1)...300 {
      let report = Simulation.run(seed: seed)
      #expect(
        report.failure == nil, "again: swift run sequitur-sim --seeds 1 --from \(seed) --trace")
    }
  }

  @Test func `the same seed gives the same world, event for event`() {
    for seed in UInt64(1)...10 {
      let first = Simulation.run(seed: seed, isTraced: true)
      #expect(first.trace.count > 100)
      #expect(first.trace == Simulation.run(seed: seed, isTraced: true).trace)
    }
  }

  /// Two seeds, so that none is caught by luck.
  @Test(arguments: Self.caughtSoon)
  func `a fault of the protocol is caught`(mutation: SimulationMutation) {
    var caught = 0
    for seed in UInt64(1)...400 where caught < 2 {
      if Simulation.run(seed: seed, mutation: mutation).failure != nil { caught += 1 }
    }
    #expect(caught == 2, "\(mutation) was caught by \(caught) of 400 seeds")
  }

  /// Those that a few dozen seeds are known to catch; the others wait for more seeds or rougher worlds.
  static let caughtSoon: [SimulationMutation] = [
    .lastStableOffsetAsTarget, .restoreReadsUncommitted, .restoreWaitsForLastRecord, .staleGroupMetadata,
    .offsetsNotSent, .drainBeforeCommit,
  ]
}
