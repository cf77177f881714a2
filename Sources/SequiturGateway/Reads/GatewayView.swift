import BlockingThreads
import Logging
import SequiturViews
import Synchronization

/// The gateway's own view of all objects, and those who wait for a version. Any thread.
final class GatewayView: Sendable {
  private struct Waiting {
    let version: UInt64
    let event: OneTimeEvent
  }

  let view: ObjectView<[UInt8]>
  private let logger: Logger
  private let waiting = Mutex<[ViewKey: [Waiting]]>([:])

  /// - Throws: `ViewFault` for a topic that is no changelog.
  init(_ configuration: ViewConfiguration) throws(ViewFault) {
    view = try ObjectView<[UInt8]>(configuration) { Array($0) }
    logger = configuration.logger
  }

  /// Follows until ``stop()``; what ends it earlier is logged, and told to who reads.
  func run() async {
    let telling = Task { await tell() }
    do {
      try await view.run()
    } catch {
      logger.error("the view has ended: objects cannot be read", metadata: ["error": "\(error)"])
    }
    telling.cancel()
    for event in waiting.withLock({ $0.values.flatMap { $0.map(\.event) } }) { event.signal() }
  }

  /// Ends ``run()``.
  func stop() { view.stop() }

  /// Waits until an object is at a version, or beyond.
  ///
  /// - Parameter isThere: whether it is now; asked again with each change of the object.
  /// - Returns: whether it is.
  func wait(
    for version: UInt64, of key: ViewKey, within time: Duration, _ isThere: () throws -> Bool
  ) async throws -> Bool {
    let end = ContinuousClock.now + time
    while true {
      let event = OneTimeEvent()
      waiting.withLock { $0[key, default: []].append(Waiting(version: version, event: event)) }
      defer { leave(key, event) }
      if try isThere() { return true }
      guard await event.wait(atMost: max(.zero, end - .now)) else { return try isThere() }
      if view.status.hasEnded { return try isThere() }
    }
  }

  private func leave(_ key: ViewKey, _ event: OneTimeEvent) {
    waiting.withLock { waiting in
      waiting[key]?.removeAll { $0.event === event }
      if waiting[key]?.isEmpty ?? false { waiting[key] = nil }
    }
  }

  /// Wakes those who wait, with each change. A listener that was too slow begins again, and all look once.
  private func tell() async {
    while !Task.isCancelled {
      do {
        for try await change in view.changes() {
          for event in waited(for: change.key, change.version) { event.signal() }
        }
        return
      } catch ViewFault.listenerTooSlow, ViewFault.changesNotTold {
        for event in waiting.withLock({ $0.values.flatMap { $0.map(\.event) } }) { event.signal() }
      } catch {
        return
      }
    }
  }

  private func waited(for key: ViewKey, _ version: UInt64?) -> [OneTimeEvent] {
    waiting.withLock { waiting in
      (waiting[key] ?? []).filter { $0.version <= version ?? .max }.map(\.event)
    }
  }
}

extension ViewStatus {
  /// Whether nothing comes any more.
  var hasEnded: Bool {
    if case .ended = phase { true } else { false }
  }
}
