import SequiturSimulation
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

  /// Several seeds, so that none is caught by luck. `make simulate` asks for more of them.
  @Test(arguments: SimulationMutation.allCases)
  func `a fault of the protocol is caught`(mutation: SimulationMutation) {
    var caught = 0
    for seed in UInt64(1)...400 where caught < 4 {
      if Simulation.run(seed: seed, mutation: mutation).failure != nil { caught += 1 }
    }
    #expect(caught == 4, "\(mutation) was caught by \(caught) of 400 seeds")
  }
}
