import Foundation
import Synchronization

/// A few threads for blocking work that tasks wait for, such as restores.
final class BlockingPool: Sendable {
  private typealias Work = @Sendable () -> Void

  private struct State {
    var works: [Work] = []
    var isStopping = false
  }

  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let threads = Mutex<[WorkerThread]>([])

  init(name: String, threads count: Int) {
    let started = (0..<count).map { index in
      WorkerThread(name: "\(name)-\(index)") { [self] in serve() }
    }
    threads.withLock { $0 = started }
  }

  /// Runs `body` on one of the threads.
  func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      state.withLock { state in
        state.works.append { continuation.resume(with: Swift.Result { try body() }) }
      }
      arrived.signal()
    }
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
        work()
      } else if isStopping {
        return
      }
    }
  }
}
