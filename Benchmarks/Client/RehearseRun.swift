import BenchmarkDeciders
import LifecycleRules
import Logging
import Sequitur
import SequiturWorker

/// A rehearsal of all that a worker has decided on the benchmark's topics, by the same decider.
struct RehearseRun {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() async throws {
    let worker = WorkerConfiguration(options)
    var configuration = RehearsalConfiguration(applicationID: worker.applicationID)
    configuration.bootstrapServers = worker.bootstrapServers
    configuration.topics = worker.topics
    configuration.envelope = worker.envelope
    configuration.kafka = worker.kafka
    configuration.from = options["from"].flatMap { Int64($0) }
    let start = Usage.now
    let report = try await rehearsal(configuration).run()
    let end = Usage.now
    let seconds = end.seconds - start.seconds
    let processor = (end.processorSeconds - start.processorSeconds) / Double(max(report.commands, 1)) * 1e6
    print(
      #"{"commands": \#(report.commands), "differences": \#(report.differences), "withoutState": "#
        + #"\#(report.withoutState), "seconds": \#(seconds), "rate": \#(Double(report.commands) / seconds), "#
        + #""cpuMicroseconds": \#(processor), "peakMemory": \#(Usage.peakMemoryBytes)}"#)
  }

  private func rehearsal(_ configuration: RehearsalConfiguration) throws -> Rehearsal {
    var logger = Logger(label: "benchmark")
    logger.logLevel = Logger.Level(rawValue: options["log"] ?? "error")!
    guard let path = options["rules"] else {
      return Rehearsal(configuration, logger: logger) { AccountDecider() }
    }
    let rules = try RulesFile.read(path: path)
    return Rehearsal(configuration, logger: logger) { LifecycleDecider(rules) }
  }
}
