import BlockingThreads
import KafkaClient
import Logging
import Synchronization

/// Whether somebody still waits for what is fetched. Any thread.
final class FetchRequest: Sendable {
  private let isAbandoned = Atomic(false)

  func abandon() { isAbandoned.store(true, ordering: .relaxed) }

  /// - Throws: `CancellationError` when nobody waits.
  func check() throws {
    if isAbandoned.load(ordering: .relaxed) { throw CancellationError() }
  }
}

/// A few fetchers for many requests: who finds none free waits for one, and gives it back when its client is gone.
final class FetcherPool: Sendable {
  private struct State {
    var free: [RecordFetcher] = []
    var running = 0
    var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
    /// Those who wait, the first one first; some may have gone.
    var order: [Int] = []
    var nextWaiter = 0
  }

  private let kafka: KafkaConfiguration
  private let logger: Logger
  private let state = Mutex(State())

  init(kafka: KafkaConfiguration, logger: Logger) {
    self.kafka = kafka
    self.logger = logger
  }

  /// Runs blocking work with a fetcher, on a thread of its own.
  ///
  /// - Throws: `CancellationError` when the task is cancelled, while it waits or at the work's next look.
  func run<Result: Sendable>(
    _ body: @escaping @Sendable (RecordFetcher, FetchRequest) throws -> Result
  ) async throws -> Result {
    guard await enter() else { throw CancellationError() }
    defer { leave() }
    let request = FetchRequest()
    return try await withTaskCancellationHandler {
      try await withBlockingThread(
        "fetch",
        throwing: { [self] in
          try request.check()
          let fetcher = try take()
          defer { state.withLock { $0.free.append(fetcher) } }
          return try body(fetcher, request)
        })
    } onCancel: {
      request.abandon()
    }
  }

  private func take() throws(KafkaError) -> RecordFetcher {
    if let fetcher = state.withLock({ $0.free.popLast() }) { return fetcher }
    return try RecordFetcher(kafka: kafka, logger: logger)
  }

  /// Waits until one of the places is free; false when the task is cancelled.
  private func enter() async -> Bool {
    let waiter = state.withLock { state in
      defer { state.nextWaiter += 1 }
      return state.nextWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let hasPlace = state.withLock { state -> Bool? in
          if Task.isCancelled { return false }
          if state.running < GatewayLimits.fetchers {
            state.running += 1
            return true
          }
          state.waiting[waiter] = continuation
          state.order.append(waiter)
          return nil
        }
        if let hasPlace { continuation.resume(returning: hasPlace) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: waiter) }?.resume(returning: false)
    }
  }

  private func leave() {
    let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      while !state.order.isEmpty {
        if let next = state.waiting.removeValue(forKey: state.order.removeFirst()) { return next }
      }
      state.running -= 1
      return nil
    }
    next?.resume(returning: true)
  }
}
