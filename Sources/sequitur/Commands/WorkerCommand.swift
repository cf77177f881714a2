import ArgumentParser
import CoreMetrics
import LifecycleRules
import ReadableText
import SequiturHTTP
import SequiturMetrics
import SequiturOperations
import SequiturWorker
import TerminalView

/// `sequitur worker`.
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Process commands until told to stop.",
    discussion: """
      Turns each command of its partitions into events or a rejection, exactly once. Start as many workers as \
      needed, each with a state directory of its own; they share the partitions.

      SIGTERM or SIGINT finishes the transaction under way, writes the store and leaves the group; a second \
      one ends the process at once. Either is safe.

      http://127.0.0.1:9464/ shows how it is; /ready, /metrics and /status are for machines.
      """)

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions
  @OptionGroup var worker: WorkerOptions
  @OptionGroup var http: HTTPOptions
  @Flag(help: "Print a summary as JSON at the end.") var json = false
  @Flag(
    name: .customLong("print-config"),
    help: "Print every setting with its value and where that comes from, secrets masked, and end.")
  var printConfig = false

  func run() async throws {
    ProcessMemory.bound()
    let settings = try kafka.resolve(defaultLogLevel: .info, for: .worker)
    var configuration = try worker.configuration(settings, topics)
    configuration.returnsFreeMemory = true
    let rulesPath = try worker.rulesPath(settings.settings)
    let plan = try http.plan(settings.settings, isOnByDefault: true)
    if printConfig { return try show(ServiceStatus.Setting.all(settings)) }
    guard let path = rulesPath else {
      throw CommandFailure("Expected --rules FILE, but no rules are named. They decide over the commands.")
    }
    let rules = try Rules.load(path)
    let metrics = PrometheusMetrics(WorkerMetric.allCases.map(\.definition))
    if plan != nil { MetricsSystem.bootstrap(metrics) }
    let worker = Worker(configuration, logger: settings.logger) { LifecycleDecider(rules) }
    let service = WorkerService(
      worker: worker, metricsSystem: metrics, version: SequiturCommand.version,
      rules: "\(rules.fingerprint)",
      settings: ServiceStatus.Setting.all(settings))
    try await OpenDoor.around(plan, service, logger: settings.logger) { try await serve(worker) }
    try report(WorkerSummary(worker.statistics.snapshot))
  }

  /// The work is done: a worker whose log went through a pipe that is gone has still ended in order.
  private func report(_ summary: WorkerSummary) throws {
    do {
      if json { try Output.print(document: summary) } else { try Output.print(summary.description) }
    } catch let fault as OutputFault where fault.isReaderGone {
      Terminal.printError("\(summary)")
    }
  }

  /// As lines, or with `--json` as a document.
  private func show(_ settings: [ServiceStatus.Setting]) throws {
    guard !json else { return try Output.print(document: settings) }
    let width = settings.map { $0.name.count + $0.value.count }.max() ?? 0
    for setting in settings {
      let padding = String(repeating: " ", count: width - setting.name.count - setting.value.count)
      let line = "\(setting.name) = \(setting.value)\(padding)  # \(setting.source)"
      try Output.print(ShownText.line(line, atMost: nil))
    }
  }

  private func serve(_ worker: Worker) async throws {
    do {
      try await worker.runUntilSignalled()
    } catch let fault as WorkerStartFault {
      throw CommandFailure(fault)
    } catch let refused as PartitionRefused {
      throw CommandFailure(refused)
    }
  }
}
