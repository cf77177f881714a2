import ArgumentParser
import BlockingThreads
import CoreMetrics
import Foundation
import LifecycleRules
import ReadableText
import SequiturAudit
import SequiturDemo
import SequiturHTTP
import SequiturMetrics
import SequiturOperations
import SequiturWorker
import TerminalView

/// `sequitur demo`.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Watch commands become events and rejections, all in one process.",
    discussion: """
      Starts a broker inside this process, a worker with rules for orders, and a shop that sends commands: most \
      are right, some are late, repeated, wrong or garbage. Shows what happens, then audits all topics, compares \
      every outcome with the one that was predicted, and prints a sample of each kind of record.

      Ends with 0 when the audit finds no fault and every outcome is the predicted one, else with 1.
      """)

  @Option(help: "How many commands.") var commands = 50_000
  @Option(help: "The same seed gives the same commands.") var seed: UInt64 = 1

  @Option(help: "Commands a second. (default: a quiet time, then as fast as it goes)")
  var rate: Double?

  @Option(.partitions, help: "Partitions of each topic. (default: 4)") var partitions: Int?

  @Option(help: ArgumentHelp("Keep the worker's state in this directory.", valueName: "dir"))
  var keep: String?

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var http: HTTPOptions
  @Flag(help: "Print the summary as JSON, and nothing else.") var json = false

  func validate() throws {
    guard (1...100_000_000).contains(commands) else {
      throw ValidationError("Expected --commands to be 1 to 100000000.")
    }
    if let rate, !(rate >= 1 && rate < 1e9) { throw ValidationError("Expected --rate to be 1 or more.") }
  }

  func run() async throws {
    let settings = try kafka.resolve()
    let plan = try http.plan(settings.settings, isOnByDefault: false)
    let interrupt = Interrupt {
      if LiveViewScreen.isTerminal { try? Output.draw(LiveViewScreen.showCursor) }
    }
    interrupt.watch()
    let directory = try DemoDirectory(kept: keep)
    defer { directory.remove() }
    do {
      try await run(settings, directory, interrupt, plan)
    } catch {
      directory.remove()
      if error is DemoRun.Interrupted, let signal = interrupt.signal {
        Terminal.printError("Interrupted: the worker has stopped in order, nothing was audited.")
        interrupt.raise(signal)
      }
      throw Self.failure(error)
    }
  }

  /// Opens the worker's operations door, where one is asked for.
  private func door(_ plan: HTTPOptions.Plan?, _ rules: Rules, _ settings: KafkaSettings) -> DemoRun.Door {
    guard let plan else { return { _ in {} } }
    let metrics = PrometheusMetrics(WorkerMetric.allCases.map(\.definition))
    MetricsSystem.bootstrap(metrics)
    let (shown, logger, isQuiet) = (ServiceStatus.Setting.all(settings), settings.logger, json)
    let fingerprint = "\(rules.fingerprint)"
    return { worker in
      let service = WorkerService(
        worker: worker, metricsSystem: metrics, version: SequiturCommand.version, rules: fingerprint,
        settings: shown)
      let door = try await OpenDoor.open(plan, to: service, logger: logger)
      if !isQuiet { Terminal.printError("Watch it at \(door.url) while it runs.") }
      return { await door.close() }
    }
  }

  private func run(
    _ settings: KafkaSettings, _ directory: DemoDirectory, _ interrupt: Interrupt, _ door: HTTPOptions.Plan?
  ) async throws {
    let rules = try DemoRules.load()
    let cluster = try await makeCluster(settings)
    let screen = LiveViewScreen(json ? .off : LiveViewScreen.isTerminal ? .terminal : .lines)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let plan = DemoRun.Plan(
      commands: commands, seed: seed, rate: rate, stateDirectory: directory.path,
      lanes: min(cores, cluster.partitions, 4))
    let outcome = try await DemoRun(
      plan, cluster: cluster, rules: rules, screen: screen, interrupt: interrupt, logger: settings.logger,
      door: self.door(door, rules, settings)
    ).run()

    let printer = DemoPrinter(hasColours: LiveViewScreen.hasColours)
    if !json { try printer.show(auditing: commands) }
    let report = try await Audit(
      AuditConfiguration(
        kafka: cluster.client, applicationID: cluster.applicationID, topics: cluster.topics, rules: [rules],
        logger: settings.logger)
    ).run()
    let summary = DemoSummary(outcome, report, seed: seed, cluster: cluster)
    if json {
      try Output.print(document: summary)
    } else {
      let finder = DemoSamples(
        topics: cluster.topics, partitions: cluster.partitions, kafka: cluster.client, logger: settings.logger
      )
      let codes = Set(report.rejectionCodes.keys)
      try printer.show(await withBlockingThread("samples") { () throws in try finder.find(codes: codes) })
      try printer.show(summary)
      if let keep { try printer.show(kept: keep) }
      if cluster.embedded == nil { try printer.show(topics: cluster) }
    }
    if !summary.isClean { throw CommandFailure.reportedFault }
  }

  private func makeCluster(_ settings: KafkaSettings) async throws -> DemoCluster {
    let partitions = try settings.settings.integer(partitions, .partitions, in: 1...1000) ?? 4
    if let servers = try settings.settings.text(kafka.bootstrapServers, .bootstrapServers) {
      return try await withBlockingThread("topics") { () throws in
        try DemoCluster(
          servers, partitions: partitions, kafka: settings.properties, logger: settings.logger)
      }
    }
    let most = DemoCluster.embeddedCommandsMax * partitions
    guard commands <= most else {
      throw CommandFailure(
        "Expected at most \(most.counted("command")) on an embedded broker with \(partitions.counted("partition")), since "
          + "it keeps 5 MiB of each, but --commands is \(commands.grouped). Pass more --partitions, or "
          + "--bootstrap-servers for a real broker.")
    }
    return try await withBlockingThread("broker") { () throws in
      try DemoCluster(
        embeddedWith: partitions, kafka: settings.properties, logger: settings.logger)
    }
  }

  private static func failure(_ error: any Error) -> any Error {
    switch error {
    case let fault as WorkerStartFault: CommandFailure(fault)
    case let refused as PartitionRefused: CommandFailure(refused)
    default: error
    }
  }
}
