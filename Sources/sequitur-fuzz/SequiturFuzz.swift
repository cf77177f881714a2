import ArgumentParser

/// `sequitur-fuzz`: gives decoders of bytes from outside what nobody would send, and says which input one broke on.
@main
struct SequiturFuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sequitur-fuzz",
    abstract:
      "Give decoders of foreign bytes inputs that nobody would send, and see that each gets its answer.",
    discussion: """
      Inputs are made by changing right ones; target, seed and number say which, so that a finding is had again by the line \
      that is printed with it. A target that traps, takes over 10 seconds of a processor for one input or 2 GB of memory, or answers wrong, \
      is a finding. Run it in the package's directory: some inputs come from Examples.

      Exit codes: 0 all inputs got an answer, 1 a finding, 2 wrong usage.
      """)

  @Argument(help: "The targets; default: all. --list names them.")
  var targets: [String] = []
  @Option(help: "Inputs for each target.") var count: UInt64?
  @Option(help: "Seconds for each target; default 10, when there is no --count.") var seconds: Double?
  @Option(help: "Another seed makes other inputs.") var seed: UInt64 = 1
  @Option(help: "The first input's number.") var from: UInt64 = 0
  @Option(help: "Targets that run at once.") var jobs = 2
  @Flag(help: "Print the inputs and look at none.") var show = false
  @Flag(help: "Name the targets.") var list = false
  @Option(help: .hidden) var progress: String?

  func validate() throws {
    let unknown = targets.filter { name in !FuzzTarget.all.contains { $0.name == name } }
    guard unknown.isEmpty else {
      throw ValidationError("Expected targets of --list, but found \(unknown.joined(separator: ", ")).")
    }
    guard jobs > 0, seconds ?? 1 > 0, count ?? 1 > 0 else {
      throw ValidationError("Expected --jobs, --count and --seconds above 0.")
    }
  }

  func run() throws {
    let chosen = FuzzTarget.all.filter { targets.isEmpty || targets.contains($0.name) }
    if list {
      for target in chosen { print("\(target.name): \(target.about)") }
      return
    }
    let plan = FuzzPlan(
      seed: seed, from: from, count: count ?? .max - from,
      time: seconds.map { .seconds($0) } ?? (count == nil ? .seconds(10) : nil))
    if show {
      for target in chosen { plan.show(target) }
    } else if let progress {
      guard let target = chosen.first, chosen.count == 1 else { throw ExitCode(2) }
      try FuzzChild(target: target, plan: plan).run(tellingAt: progress)
    } else {
      guard try FuzzRun(targets: chosen, plan: plan, jobs: jobs).run() else { throw ExitCode(1) }
    }
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
