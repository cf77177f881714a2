import Synchronization

/// A task whose end can be looked at without waiting for it.
final class DemoTask: Sendable {
  private let state: DemoTaskState
  private let task: Task<Void, Never>

  init(_ body: @escaping @Sendable () async throws -> Void) {
    let state = DemoTaskState()
    self.state = state
    task = Task {
      do {
        try await body()
        state.end(nil)
      } catch {
        state.end(error)
      }
    }
  }

  var isFinished: Bool { state.isFinished }
  /// What it threw, if it has ended.
  var failure: (any Error)? { state.failure }

  /// Waits for its end; returns what it threw.
  func finish() async -> (any Error)? {
    await task.value
    return failure
  }
}

/// How a ``DemoTask`` ended.
private final class DemoTaskState: Sendable {
  private let state = Mutex<(isFinished: Bool, failure: (any Error)?)>((false, nil))

  var isFinished: Bool { state.withLock { $0.isFinished } }
  var failure: (any Error)? { state.withLock { $0.failure } }

  func end(_ error: (any Error)?) { state.withLock { $0 = (true, error) } }
}
