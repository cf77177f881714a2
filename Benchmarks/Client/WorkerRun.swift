import BenchmarkDeciders
import LifecycleRules
import Logging
import Sequitur
import SequiturWorker

extension WorkerConfiguration {
  /// A worker as the command line makes it by default, on the benchmark's topics.
  init(_ options: Options) {
    self.init(applicationID: options.text("application"), lanes: options.number("lanes", 2))
    bootstrapServers = options.text("bootstrap")
    stateDirectory = options.text("state")
    let outputs = options.text("outputs")
    topics.commands = options.text("topic")
    topics.valid = outputs + "-valid"
    topics.invalid = outputs + "-invalid"
    topics.changelog = outputs + "-changelog"
    envelope = Envelope(rawValue: options["envelope"] ?? "cloudevents")!
    if let bytes = options["object-bytes"].flatMap({ Int($0) }) { objectBytesMax = bytes }
    for setting in (options["kafka"] ?? "").split(separator: ",") {
      let parts = setting.split(separator: "=", maxSplits: 1)
      kafka[String(parts[0])] = String(parts[1])
    }
  }

  func worker(_ options: Options) throws -> Worker {
    var logger = Logger(label: "benchmark")
    logger.logLevel = Logger.Level(rawValue: options["log"] ?? "error")!
    guard let path = options["rules"] else { return Worker(self, logger: logger) { AccountDecider() } }
    let rules = try RulesFile.read(path: path)
    return Worker(self, logger: logger) { LifecycleDecider(rules) }
  }
}

extension Worker {
  /// Runs it in the background; a worker that fails ends the program.
  fileprivate func start() -> Task<Void, Never> {
    Task {
      do {
        try await run()
      } catch {
        fatalError("the worker failed: \(error)")
      }
    }
  }
}

/// A worker that processes `--count` commands. The first `--skip` (a twentieth) are not counted, since with them comes
/// everything that happens once: joining the group, the first fetch, growing buffers. Nor is what comes before all
/// `--partitions` are served.
struct WorkerRun {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() async throws {
    let worker = try WorkerConfiguration(options).worker(options)
    let count = options.number("count", 0)
    let skip = options.number("skip", count / 20)
    let task = worker.start()
    let first = await reached(skip, worker, partitions: options.number("partitions", 1))
    let start = (first.commands, Usage.now)
    guard (count - first.commands) * 2 >= count - skip else {
      fatalError(
        "Expected to count \(count - skip) commands, but \(first.commands) of \(count) were processed when all "
          + "partitions were served: raise --count and --skip")
    }
    let last = await reached(count, worker)
    let end = Usage.now
    task.cancel()
    await task.value
    let seconds = end.seconds - start.1.seconds
    let commands = last.commands - start.0
    let processor = (end.processorSeconds - start.1.processorSeconds) / Double(max(commands, 1)) * 1e6
    print(
      #"{"commands": \#(commands), "seconds": \#(seconds), "rate": \#(Double(commands) / seconds), "#
        + #""cpuMicroseconds": \#(processor), "transactions": \#(last.transactions), "#
        + #""rejections": \#(last.rejections), "commitMilliseconds": \#(last.medianCommitMilliseconds), "#
        + #""peakMemory": \#(Usage.peakMemoryBytes)}"#)
  }

  /// Prints the progress twenty times a second.
  private var verbose: Bool { options["verbose"] != nil }

  private func reached(
    _ commands: Int, _ worker: Worker, partitions: Int = 0
  ) async -> WorkerStatistics.Snapshot {
    while true {
      let snapshot = worker.statistics.snapshot
      if snapshot.commands >= commands, snapshot.positions.count >= partitions { return snapshot }
      if verbose {
        print(
          Usage.now.seconds, snapshot.commands, snapshot.transactions, snapshot.positions.values.sorted(),
          snapshot.medianCommitMilliseconds)
      }
      // Each look wakes two threads: 500 a second took a sixth of a core from the worker.
      try? await Task.sleep(for: .milliseconds(options.number("look", verbose ? 50 : 10)))
    }
  }
}

extension WorkerStatistics.Snapshot {
  /// From sending a transaction to the commit's answer.
  fileprivate var medianCommitMilliseconds: Double {
    guard !commitDurations.isEmpty else { return 0 }
    return commitDurations.sorted()[commitDurations.count / 2] / .milliseconds(1)
  }
}

/// A worker that restores `--partitions` partitions and stops: how long from the first to the last.
struct RestoreRun {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() async throws {
    let worker = try WorkerConfiguration(options).worker(options)
    let partitions = options.number("partitions", 1)
    let task = worker.start()
    while worker.statistics.snapshot.restoring.isEmpty { try? await Task.sleep(for: .milliseconds(1)) }
    let start = Usage.now
    while worker.statistics.snapshot.positions.count < partitions {
      try? await Task.sleep(for: .milliseconds(1))
    }
    let end = Usage.now
    task.cancel()
    await task.value
    print(
      #"{"seconds": \#(end.seconds - start.seconds), "#
        + #""cpuSeconds": \#(end.processorSeconds - start.processorSeconds), "#
        + #""peakMemory": \#(Usage.peakMemoryBytes)}"#)
  }
}
