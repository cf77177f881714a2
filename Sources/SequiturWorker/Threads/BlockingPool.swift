import BlockingThreads
import Foundation
import Synchronization

/// A few threads for blocking work that tasks wait for, such as restores.
final class BlockingPool: Sendable {
  private struct Work: Sendable {
    let number: Int
    let perform: @Sendable () -> Void
    /// Instead of performing it.
    let withdraw: @Sendable () -> Void
  }

  private struct State {
    var works: [Work] = []
    var nextNumber = 0
    var isStopping = false

    mutating func takeNumber() -> Int {
      defer { nextNumber += 1 }
      return nextNumber
    }
  }

  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let threads = Mutex<[BlockingThread]>([])

  init(name: String, threads count: Int) {
    let started = (0..<count).map { index in
      BlockingThread(name: "\(name)-\(index)") { [self] in serve() }
    }
    threads.withLock { $0 = started }
  }

  /// Runs `body` on one of the threads.
  ///
  /// A task that is cancelled before a thread was free does not wait for one: a revoke must not wait for the restores
  /// of other partitions.
  ///
  /// - Throws: what `body` throws, `CancellationError` when it was not begun. Work that was begun goes on to its end.
  func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    let number = state.withLock { $0.takeNumber() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        submit(
          Work(number: number) {
            continuation.resume(with: Swift.Result { try body() })
          } withdraw: {
            continuation.resume(throwing: CancellationError())
          })
      }
    } onCancel: {
      withdraw(number)
    }
  }

  /// Enqueues work, unless the calling task is cancelled.
  private func submit(_ work: Work) {
    let isCancelled = state.withLock { state in
      // The task is marked as cancelled before its handler looks for the work: one of the two sees the other.
      guard !Task.isCancelled else { return true }
      state.works.append(work)
      return false
    }
    if isCancelled { work.withdraw() } else { arrived.signal() }
  }

  private func withdraw(_ number: Int) {
    let work = state.withLock { state in
      state.works.firstIndex { $0.number == number }.map { state.works.remove(at: $0) }
    }
    work?.withdraw()
  }

  /// Ends the threads once all work is done.
  func stop() async {
    state.withLock { $0.isStopping = true }
    let threads = threads.withLock { $0 }
    for _ in threads { arrived.signal() }
    for thread in threads { await thread.join() }
  }

  private func serve() {
    while true {
      arrived.wait()
      let (work, isStopping) = state.withLock { state in
        (state.works.isEmpty ? nil : state.works.removeFirst(), state.isStopping)
      }
      if let work {
        work.perform()
      } else if isStopping {
        return
      }
    }
  }
}
