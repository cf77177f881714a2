import ArgumentParser
import SequiturSimulation

/// `sequitur-sim`: runs many seeds' worlds, and says which one broke a guarantee.
@main
struct SequiturSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sequitur-sim",
    abstract: "Simulate brokers, disks and workers from seeds, with faults, and check the guarantees.",
    discussion:
      "Exit codes: 0 all held, 1 a guarantee was broken or a situation never reached, 2 wrong usage.")

  @Option(help: "How many seeds to run.")
  var seeds = 1000

  @Option(help: "The first seed.")
  var from: UInt64 = 1

  @Option(help: "Switch on a deliberate fault of the protocol.")
  var mutation: SimulationMutation?

  @Flag(help: "Show for every mutation how many of the seeds catch it.")
  var mutations = false

  @Option(help: "With --mutations: how many seeds must catch each one at least.")
  var atLeast = 10

  @Flag(help: "Print every event of the first world that fails, or of the only one.")
  var trace = false

  @Option(help: "Threads; 0 takes all cores.")
  var threads = 0

  func validate() throws {
    guard seeds > 0 else { throw ValidationError("--seeds must be above 0") }
  }

  func run() throws {
    if mutations { return try runMutations() }
    let summary = SeedRun(seeds: seeds, from: from, mutation: mutation, threads: threads).run()
    summary.printTable()
    for failed in summary.failures.prefix(10) {
      print("FAILED seed \(failed.seed): \(failed.failure ?? "")")
      print("again: sequitur-sim --seeds 1 --from \(failed.seed) --trace\(option)")
    }
    if trace, let seed = summary.failures.first?.seed ?? (seeds == 1 ? from : nil) {
      for line in Simulation.run(seed: seed, mutation: mutation, isTraced: true).trace { print(line) }
    }
    // A few seeds cannot reach everything.
    let isIncomplete = mutation == nil && seeds >= 1000 && !summary.unreached.isEmpty
    if isIncomplete { print("never reached: \(summary.unreached.joined(separator: ", "))") }
    if !summary.failures.isEmpty || isIncomplete { throw ExitCode(1) }
  }

  private var option: String { mutation.map { " --mutation \($0.rawValue)" } ?? "" }

  private func runMutations() throws {
    var isMissed = false
    print("mutation".padded(34) + "caught by seeds of \(seeds)")
    for mutation in SimulationMutation.allCases {
      let summary = SeedRun(seeds: seeds, from: from, mutation: mutation, threads: threads).run()
      let first = summary.failures.first.map { "  first: seed \($0.seed)" } ?? ""
      print(mutation.rawValue.padded(34) + "\(summary.failures.count)" + first)
      if summary.failures.count < atLeast {
        print("  too few: it should be \(atLeast)")
        isMissed = true
      }
    }
    if isMissed { throw ExitCode(1) }
  }

  /// Wrong usage ends with 2, as in `sequitur`.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let code as ExitCode {
      exit(withError: code)
    } catch {
      guard exitCode(for: error) != .success else { exit(withError: error) }
      print(fullMessage(for: error))
      exit(withError: ExitCode(2))
    }
  }
}

extension SimulationMutation: ExpressibleByArgument {}

extension String {
  func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
