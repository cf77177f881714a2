import BlockingThreads
import KafkaClient
import Logging
import PartitionEngine
import Sequitur

/// What another decider would have made of the commands that an application has decided.
///
/// ```swift
/// var configuration = RehearsalConfiguration(applicationID: "bank")
/// configuration.bootstrapServers = "localhost:9092"
/// let report = try await Rehearsal(configuration) { BankAccount() }.run()
/// for change in report.changes { print(change.count, change.from, "→", change.to) }
/// ```
///
/// It reads the commands topic, decides every command again with the engine of a worker, and compares what comes out with
/// the outcomes on the valid and the invalid topic. **Nothing is written**, no group is joined, workers may go on meanwhile:
/// what has an outcome when it begins is what counts.
///
/// An outcome is the same when its events have the same types and payloads, or its rejection the same code. Versions and
/// reasons are not compared: an object's later versions follow from what came of its earlier commands.
///
/// **Objects go their own way from the first difference on.** A command that is rejected now, and was valid, leaves its
/// object as it was, and the object's later commands meet that state.
///
/// **Where it begins.** With the first command of all, no object exists. Where the topic's beginning is gone, or
/// ``RehearsalConfiguration/from`` is later, an object begins with the state that the changelog tells for its first command
/// of the range. The state is known when the command's outcome names its version. Where it does not, since the changelog
/// keeps only the newest states, the object's commands are left out and counted (``RehearsalReport/withoutState``), until the
/// next checkpoint behind them, or until the object is forgotten. What nobody can see: an object that was forgotten and made
/// again to the same version between the checkpoint and the range, when the changelog is compacted.
///
/// A decider that traps ends the process, as it would end a worker that has no crash guard. Outcomes that did not come of the decider
/// (`output-refused`, a command that the crash guard rejected) show up as differences.
public struct Rehearsal: Sendable {
  /// Which topics are read, and how.
  public let configuration: RehearsalConfiguration
  let logger: Logger
  let makeTask: RehearsalTask.Factory

  /// - Parameters:
  ///   - configuration: which commands are decided again, and with what memory.
  ///   - logger: where librdkafka logs.
  ///   - decider: makes a decider; called once for each partition.
  @inlinable
  public init<D: Decider>(
    _ configuration: RehearsalConfiguration, logger: Logger = Logger(label: "sequitur"),
    decider: @escaping @Sendable () -> D
  ) {
    self.init(configuration, logger: logger, makeTask: RehearsalTask.factory(decider))
  }

  @usableFromInline
  init(_ configuration: RehearsalConfiguration, logger: Logger, makeTask: @escaping RehearsalTask.Factory) {
    self.configuration = configuration
    self.logger = logger
    self.makeTask = makeTask
  }

  /// Reads and compares; on threads of its own.
  ///
  /// - Parameter progress: told now and then, on one of these threads at a time.
  /// - Throws: ``RehearsalFault`` for topics that cannot be used and impossible limits; `KafkaError`; `RestoreFault` for a
  ///   changelog that cannot be read; `RocksDBError` for a scratch directory that takes nothing; `CancellationError`.
  public func run(
    progress: (@Sendable (RehearsalProgress) -> Void)? = nil
  ) async throws -> RehearsalReport {
    let lanes = max(1, min(configuration.lanes, configuration.memoryBytes / MemoryBudget.bytesMin))
    let queue = RehearsalQueue(progress)
    return try await withThrowingTaskGroup(of: [Int32: RehearsalReport].self) { group in
      for _ in 0..<lanes { group.addTask { try await runLane(of: lanes, queue) } }
      var reports: [Int32: RehearsalReport] = [:]
      while let found = try await group.next() { reports.merge(found) { first, _ in first } }
      var report = RehearsalReport()
      for (_, found) in reports.sorted(by: { $0.key < $1.key }) {
        report.add(found, samplesMax: configuration.samplesMax)
      }
      report.sort()
      return report
    }
  }

  /// One lane: takes partitions until there are no more.
  private func runLane(of lanes: Int, _ queue: RehearsalQueue) async throws -> [Int32: RehearsalReport] {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await withBlockingThread("rehearsal") {
        try RehearsalRun(self, queue, of: lanes, cancellation).run()
      }
    } onCancel: {
      cancellation.cancel()
    }
  }
}

/// How far a rehearsal has come.
public struct RehearsalProgress: Sendable, Hashable {
  /// One that is read.
  public let partition: Int32
  /// How many there are.
  public let partitions: Int32
  /// Compared so far, over all partitions.
  public let commands: Int
  /// Found so far, over all partitions.
  public let differences: Int
}

/// Why a rehearsal cannot be made.
public struct RehearsalFault: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
