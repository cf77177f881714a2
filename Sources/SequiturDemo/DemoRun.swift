import BlockingThreads
import Foundation
import LifecycleRules
import Logging
import ReadableText
import SequiturWorker
import ServiceLifecycle
import Synchronization
import TerminalView

/// Feeds a worker with generated commands, and shows what it does, until every command has its outcome.
package final class DemoRun {
  /// What a run is told.
  package struct Plan: Sendable {
    var commands: Int
    var seed: UInt64
    /// Commands a second; nil for a quiet time and then a rush.
    var rate: Double?
    var stateDirectory: String
    var lanes: Int

    package init(commands: Int, seed: UInt64, rate: Double?, stateDirectory: String, lanes: Int) {
      self.commands = commands
      self.seed = seed
      self.rate = rate
      self.stateDirectory = stateDirectory
      self.lanes = lanes
    }
  }

  /// What came of it.
  package struct Outcome: Sendable {
    let snapshot: DemoSnapshot
    let prediction: DemoPrediction
    /// From the first partition served to the last outcome.
    let processing: Duration
    let rateMax: Double
  }

  /// A signal asked for an end before all was done.
  package struct Interrupted: Error {}

  /// How long nothing at all may happen.
  private static let silenceMax = Duration.seconds(60)

  private let plan: Plan
  private let cluster: DemoCluster
  private let rules: Rules
  private let logger: Logger
  private let screen: LiveViewScreen
  private let interrupt: Interrupt
  private let feeder: DemoFeeder
  private let start = ContinuousClock.now
  private var meter = DemoMeter()
  private var snapshot = DemoSnapshot()

  private let door: Door

  /// Opens a door to the worker before it runs; gives what closes it.
  package typealias Door = @Sendable (Worker) async throws -> @Sendable () async -> Void

  /// - Parameter door: where health and metrics of the worker are shown; nowhere by default.
  package init(
    _ plan: Plan, cluster: DemoCluster, rules: Rules, screen: LiveViewScreen, interrupt: Interrupt,
    logger: Logger, door: @escaping Door = { _ in {} }
  ) {
    self.door = door
    self.plan = plan
    self.cluster = cluster
    self.rules = rules
    self.screen = screen
    self.interrupt = interrupt
    self.logger = logger
    feeder = DemoFeeder(
      topic: cluster.topics.commands, kafka: cluster.client,
      pace: DemoPace(plan.rate, commands: plan.commands),
      logger: logger)
    snapshot.broker = cluster.name
    snapshot.total = plan.commands
  }

  /// Runs until every command has its outcome and the worker has stopped in order.
  ///
  /// - Throws: ``Interrupted``; a ``CommandFailure`` when the worker or the broker failed.
  package func run() async throws -> Outcome {
    let worker = Worker(configuration, logger: logger) { [rules] in LifecycleDecider(rules) }
    let close = try await door(worker)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: worker, successTerminationBehavior: .gracefullyShutdownGroup)],
        logger: Logger(label: "demo", factory: { _ in SwiftLogNoOpLogHandler() })))
    let (plan, feeder) = (plan, feeder)
    let serving = DemoTask { try await group.run() }
    let feeding = DemoTask { [partitions = cluster.partitions] in
      await Self.waitUntilServed(worker.statistics, partitions, feeder)
      try await withBlockingThread("demo feeder") {
        try feeder.run(DemoGenerator(seed: plan.seed, count: plan.commands))
      }
    }
    let result: Result<Void, any Error>
    do {
      try await watch(worker.statistics, serving, feeding)
      result = .success(())
    } catch {
      result = .failure(error)
    }
    feeder.stop()
    snapshot.phase = .stopping
    screen.show(snapshot)
    await group.triggerGracefulShutdown()
    let ends = [await serving.finish(), await feeding.finish()]
    if case .success = result {
      snapshot.phase = .done
      snapshot.rates = meter.rates
      screen.show(snapshot)
    }
    screen.end()
    await close()
    try result.get()
    for case let error? in ends { throw error }
    guard let prediction = feeder.progress.prediction else { throw Interrupted() }
    return Outcome(
      snapshot: snapshot, prediction: prediction, processing: meter.processing, rateMax: meter.rateMax)
  }

  private var configuration: WorkerConfiguration {
    var configuration = WorkerConfiguration(applicationID: cluster.applicationID, lanes: plan.lanes)
    configuration.bootstrapServers = cluster.bootstrapServers
    configuration.topics = cluster.topics
    configuration.stateDirectory = plan.stateDirectory
    configuration.kafka = cluster.properties
    return configuration
  }

  /// Nothing is sent before the worker has joined its group, so that it is seen from the first command on.
  private static func waitUntilServed(
    _ statistics: WorkerStatistics, _ partitions: Int, _ feeder: DemoFeeder
  ) async {
    while statistics.snapshot.positions.count < partitions, !feeder.isStopped {
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Shows what happens until all commands have their outcome.
  private func watch(_ statistics: WorkerStatistics, _ serving: DemoTask, _ feeding: DemoTask) async throws {
    var progress = (done: -1, time: ContinuousClock.now)
    while !show(statistics) {
      if interrupt.signal != nil { throw Interrupted() }
      if let fault = screen.fault { throw fault }
      if let error = serving.failure ?? feeding.failure { throw error }
      if serving.isFinished {
        throw CommandFailure("Expected the worker to go on, but it ended.", status: .foundFault)
      }
      let now = ContinuousClock.now
      let done = snapshot.commands + snapshot.sent
      if done != progress.done { progress = (done, now) }
      guard now - progress.time < Self.silenceMax else { throw silence }
      try? await Task.sleep(for: screen.interval)
    }
  }

  private var silence: CommandFailure {
    CommandFailure(
      "Expected an outcome of each command, but after \(snapshot.commands.grouped) of "
        + "\(plan.commands.grouped) nothing happened for \(Self.silenceMax) (\(snapshot.phase.text)).",
      status: .foundFault)
  }

  /// Draws; true when every command has its outcome.
  @discardableResult
  private func show(_ statistics: WorkerStatistics) -> Bool {
    let fed = feeder.progress
    let worker = statistics.snapshot
    snapshot.elapsed = ContinuousClock.now - start
    snapshot.sent = fed.sent
    snapshot.update(worker, ends: fed.ends)
    meter.measure(snapshot.commands, isServing: !worker.positions.isEmpty)
    snapshot.rates = meter.rates
    snapshot.phase = Self.phase(worker)
    screen.show(snapshot)
    return fed.isComplete && snapshot.lags.values.allSatisfy { $0 == 0 }
      && snapshot.commands >= plan.commands
  }

  private static func phase(_ worker: WorkerStatistics.Snapshot) -> DemoSnapshot.Phase {
    if !worker.restoring.isEmpty { return .restoring }
    return worker.positions.isEmpty ? .joining : .processing
  }
}
