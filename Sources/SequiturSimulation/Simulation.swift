/// Deterministic simulation: brokers, disks, a clock and several workers in one thread, from one seed, around
/// the same machines that run in production.
///
///     let report = Simulation.run(seed: 42)
///     precondition(report.failure == nil)
///
/// The same seed gives the same world, event for event, on every machine.
package enum Simulation {
  /// What became of one seed's world.
  package struct Report: Sendable {
    package let seed: UInt64
    /// Which guarantee was broken, and when; `nil`: none.
    package let failure: String?
    /// How often each situation was reached, in the order of `SimulationSituation.allCases`.
    package let reached: [Int]
    /// How often each fault struck at each step: a row for each of ``stepNames``, a column for each of
    /// ``faultNames``.
    package let struck: [Int]
    /// Steps at which a fault could strike.
    package let steps: Int
    package let commands: Int
    /// The end of the world, in simulated milliseconds.
    package let milliseconds: Int
    /// One line an event; empty unless it was asked for.
    package let trace: [String]
  }

  /// The numbered steps at which faults strike.
  package static let stepNames = SimulationStep.allCases.map { "\($0)" }
  /// What strikes there.
  package static let faultNames = SimulationFault.allCases.map { "\($0)" }

  /// Runs one seed's world to its end.
  ///
  /// - Parameter mutation: a deliberate fault of the protocol, which the world should find.
  package static func run(
    seed: UInt64, mutation: SimulationMutation? = nil, isTraced: Bool = false
  ) -> Report {
    let world = World(seed: seed, mutation: mutation, isTraced: isTraced)
    world.run()
    return Report(
      seed: seed, failure: world.failure, reached: world.reached, struck: world.struck, steps: world.steps,
      commands: world.commandsSent, milliseconds: world.now, trace: world.trace)
  }
}
