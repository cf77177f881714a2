import Foundation
import LifecycleRules
import Logging
import SequiturWorker
import Synchronization
import WorkerEventLog

/// A worker inside the test's process.
final class WorkerInProcess: Sendable {
  let worker: Worker
  let log: LogStore
  /// All that it has told.
  let events: WorkerEventLog
  private let task: Task<Void, any Error>
  private let hasEnded = Mutex(false)

  /// - Parameter decider: the order rules' when nil.
  init(
    _ configuration: WorkerConfiguration, decider: (@Sendable () -> LifecycleDecider)? = nil
  ) {
    let log = LogStore()
    let worker = Worker(configuration, logger: log.logger, decider: decider ?? orderDecider())
    self.log = log
    self.worker = worker
    events = WorkerEventLog(worker)
    task = Task { try await worker.run() }
  }

  /// Asks it to end in order, and waits until it has.
  func stop() async throws {
    task.cancel()
    try await ended()
  }

  /// Waits until it ends by itself.
  func ended() async throws {
    let result = await task.result
    await events.finished()
    try result.get()
  }

  /// Runs a worker until it has caught up; the worker.
  @discardableResult
  static func runUntilCaughtUp(
    _ configuration: WorkerConfiguration, decider: (@Sendable () -> LifecycleDecider)? = nil
  ) async throws -> WorkerInProcess {
    var configuration = configuration
    configuration.stopsWhenCaughtUp = true
    let worker = WorkerInProcess(configuration, decider: decider)
    try await worker.ended()
    return worker
  }
}

/// Log lines, kept.
final class LogStore: Sendable {
  struct Line: Sendable, CustomStringConvertible {
    let level: Logger.Level
    let message: String
    let metadata: [String: String]

    var description: String { "\(level) \(message) \(metadata)" }
  }

  private let kept = Mutex<[Line]>([])

  var lines: [Line] { kept.withLock { $0 } }

  func lines(_ message: String) -> [Line] { lines.filter { $0.message == message } }

  var logger: Logger { Logger(label: "kept") { _ in Handler(store: self) } }

  private struct Handler: LogHandler {
    let store: LogStore
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let metadata = (event.metadata ?? [:]).mapValues { "\($0)" }
      store.kept.withLock {
        $0.append(Line(level: event.level, message: "\(event.message)", metadata: metadata))
      }
    }
  }
}
