import KafkaClient
import Logging
import PartitionEngine
import Sequitur
import ServiceLifecycle

/// Consumes a share of the commands and turns each into events or a rejection, exactly once.
///
/// ```swift
/// var configuration = WorkerConfiguration(applicationID: "bank")
/// configuration.bootstrapServers = "localhost:9092"
/// try await Worker(configuration) { BankAccount() }.runUntilSignalled()
/// ```
///
/// Or run it among other services of a `ServiceGroup`: a graceful shutdown finishes the transaction under way,
/// writes the store, and leaves the group.
public struct Worker: Service {
  @usableFromInline
  typealias TaskFactory = @Sendable (PartitionSeat, any ObjectStore & Sendable) -> sending any PartitionTask

  /// All that the worker was told.
  public let configuration: WorkerConfiguration
  /// What the worker has done so far; may be read while it runs.
  public let statistics: WorkerStatistics
  /// How the worker is: whether it goes on, and why not; may be asked while it runs, and after.
  public var health: WorkerHealth { statistics.health }
  /// What happens in the worker from now on, for one more listener. Take it before ``run()`` to miss nothing.
  public var events: WorkerEvents { statistics.events.listen() }
  let logger: Logger
  private let decider: KnownDecider
  private let makeTask: TaskFactory

  /// - Parameters:
  ///   - configuration: all that the worker is told.
  ///   - logger: where the worker and librdkafka log.
  ///   - decider: makes a decider; called once for each partition served, and to learn what it says of itself.
  @inlinable
  public init<D: Decider>(
    _ configuration: WorkerConfiguration, logger: Logger = Logger(label: "sequitur"),
    decider: @escaping @Sendable () -> D
  ) {
    self.init(configuration, logger: logger, decider: KnownDecider(decider)) { seat, store in
      TypedPartitionTask(decider: decider(), seat: seat, store: store)
    }
  }

  @usableFromInline
  init(
    _ configuration: WorkerConfiguration, logger: Logger, decider: KnownDecider,
    statistics: WorkerStatistics = WorkerStatistics(), makeTask: @escaping TaskFactory
  ) {
    self.configuration = configuration
    self.logger = logger.inOneLine
    self.decider = decider
    self.makeTask = makeTask
    self.statistics = statistics
  }

  /// Serves until the task is cancelled or a graceful shutdown is asked for.
  ///
  /// Trouble with the group or the broker never ends it. A client that can be a member no more, as after another
  /// process took its instance id, is replaced: everything ends in order and starts anew in this process.
  ///
  /// - Throws: ``WorkerStartFault`` or `KafkaError` when the first start fails; `PartitionRefused` when
  ///   nothing of what was assigned can be served.
  public func run() async throws {
    defer { statistics.events.finish() }
    let life = WorkerLife(configuration, statistics: statistics, logger: logger) {
      try await WorkerRuntime.start(
        configuration, statistics: statistics, logger: logger, decider: decider, makeTask: makeTask)
    }
    try await withTaskCancellationHandler {
      try await withGracefulShutdownHandler {
        try await life.run()
      } onGracefulShutdown: {
        life.stop()
      }
    } onCancel: {
      life.stop()
    }
  }
}
