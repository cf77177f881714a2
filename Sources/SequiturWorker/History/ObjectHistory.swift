import BlockingThreads
import KafkaClient
import Logging
import PartitionEngine
import Sequitur

/// Reads an object's commands, events, rejections and states in order.
///
/// ```swift
/// let history = ObjectHistory(configuration) { BankAccount() }
/// try await history.forEach(of: Array("account-7".utf8)) { entry in
///   for event in entry.events { print(event.version, event.type) }
/// }
/// ```
///
/// It goes through the four topics of the key's partition, which is the one that the Java client's partitioner gives it; when
/// nothing is found there, through the others. Nothing is written, and no group is joined.
///
/// **States.** The changelog tells the state after each transaction, until compaction leaves the newest one only. With a
/// decider the others are computed: each command is decided again on the state before it, and what comes of it is taken
/// as long as it is the outcome on the topics.
public struct ObjectHistory: Sendable {
  /// Which topics are read, and how.
  public let configuration: RehearsalConfiguration
  let logger: Logger
  let makeTask: RehearsalTask.Factory?

  /// - Parameters:
  ///   - configuration: which topics; its range, samples, memory and directory do not matter.
  ///   - logger: where librdkafka logs.
  ///   - decider: makes a decider; called for each command of the object.
  @inlinable
  public init<D: Decider>(
    _ configuration: RehearsalConfiguration, logger: Logger = Logger(label: "sequitur"),
    decider: @escaping @Sendable () -> D
  ) {
    self.init(configuration, logger: logger, makeTask: RehearsalTask.factory(decider))
  }

  /// Without a decider: only kept states are told.
  public init(_ configuration: RehearsalConfiguration, logger: Logger = Logger(label: "sequitur")) {
    self.init(configuration, logger: logger, makeTask: nil)
  }

  @usableFromInline
  init(_ configuration: RehearsalConfiguration, logger: Logger, makeTask: RehearsalTask.Factory?) {
    self.configuration = configuration
    self.logger = logger
    self.makeTask = makeTask
  }

  /// Calls `body` for each command of the object, in order, on a thread of its own.
  ///
  /// - Parameters:
  ///   - key: 1…1,024 bytes.
  ///   - body: takes a command, with what came of it.
  /// - Returns: how many there were.
  /// - Throws: what `body` throws; ``RehearsalFault`` for topics that cannot be used; `KafkaError`; `RestoreFault` for a
  ///   changelog that cannot be read; `CancellationError`.
  @discardableResult
  public func forEach(
    of key: [UInt8], _ body: @escaping @Sendable (HistoryEntry) throws -> Void
  ) async throws -> Int {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await withBlockingThread("history") { () throws -> Int in
        try HistoryRun(self, key, cancellation).run(body)
      }
    } onCancel: {
      cancellation.cancel()
    }
  }
}
