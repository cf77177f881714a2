import Dispatch
import Foundation
import SequiturSimulation
import Synchronization

/// Runs a range of seeds on several threads; each world stays on one.
struct SeedRun {
  let seeds: Int
  let from: UInt64
  let mutation: SimulationMutation?
  let threads: Int

  func run() -> SeedSummary {
    let start = ContinuousClock.now
    let result = Mutex(SeedSummary(isMutated: mutation != nil))
    let count = threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount
    DispatchQueue.concurrentPerform(iterations: count) { thread in
      var own = SeedSummary(isMutated: mutation != nil)
      for seed in stride(from: thread, to: seeds, by: count) {
        own.add(Simulation.run(seed: from + UInt64(seed), mutation: mutation))
      }
      result.withLock { [own] in $0.add(own) }
    }
    return result.withLock { summary in
      summary.duration = ContinuousClock.now - start
      summary.failures.sort { $0.seed < $1.seed }
      return summary
    }
  }
}

/// What many worlds came to.
struct SeedSummary: Sendable {
  let isMutated: Bool
  var seeds = 0
  var steps = 0
  var commands = 0
  var reached = Array(repeating: 0, count: SimulationSituation.allCases.count)
  var struck = Array(repeating: 0, count: Simulation.stepNames.count * Simulation.faultNames.count)
  var failures: [Simulation.Report] = []
  var duration = Duration.zero

  init(isMutated: Bool) {
    self.isMutated = isMutated
  }

  mutating func add(_ report: Simulation.Report) {
    seeds += 1
    steps += report.steps
    commands += report.commands
    for index in reached.indices where report.reached[index] > 0 { reached[index] += 1 }
    for index in struck.indices { struck[index] += report.struck[index] }
    if report.failure != nil { failures.append(report) }
  }

  mutating func add(_ other: SeedSummary) {
    seeds += other.seeds
    steps += other.steps
    commands += other.commands
    for index in reached.indices { reached[index] += other.reached[index] }
    for index in struck.indices { struck[index] += other.struck[index] }
    failures += other.failures
  }

  /// Situations that no seed reached, and steps at which a fault never struck.
  var unreached: [String] {
    let situations = zip(SimulationSituation.allCases, reached).filter { $0.1 == 0 }.map { "\($0.0)" }
    let faults = struck.indices.filter { struck[$0] == 0 }.map { index in
      let count = Simulation.faultNames.count
      return "\(Simulation.faultNames[index % count]) at \(Simulation.stepNames[index / count])"
    }
    return situations + faults
  }

  func printTable() {
    let seconds = duration / .seconds(1)
    print(
      "\(seeds) seeds, \(commands) commands, \(steps) steps, \(failures.count) failures, "
        + "\(Int(Double(seeds) / max(seconds, 0.001))) seeds/s")
    print("situation".padded(34) + "reached by seeds")
    for (situation, count) in zip(SimulationSituation.allCases, reached) {
      print("\(situation)".padded(34) + "\(count)")
    }
    print("step".padded(34) + "faults that struck (\(Simulation.faultNames.joined(separator: ", ")))")
    let width = Simulation.faultNames.count
    for (row, step) in Simulation.stepNames.enumerated() {
      let counts = struck[row * width..<(row + 1) * width].map(String.init)
      print(step.padded(34) + counts.joined(separator: ", "))
    }
  }
}
