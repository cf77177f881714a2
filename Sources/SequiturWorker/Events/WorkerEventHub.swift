import Synchronization

/// Passes a worker's events on to all who listen. Any thread; never blocks.
final class WorkerEventHub: Sendable {
  private struct Listener {
    let continuation: AsyncStream<WorkerEvent>.Continuation
    /// Events that were left out, since its buffer was full.
    var missed = 0

    mutating func receive(_ event: WorkerEvent) {
      if missed > 0 {
        guard case .enqueued = continuation.yield(.missed(missed)) else {
          missed += 1
          return
        }
        missed = 0
      }
      if case .dropped = continuation.yield(event) { missed += 1 }
    }
  }

  private struct State {
    var listeners: [Int: Listener] = [:]
    var nextNumber = 0
  }

  private let state = Mutex(State())
  private let bufferedMax: Int

  init(bufferedMax: Int = WorkerEvents.bufferedMax) { self.bufferedMax = bufferedMax }

  /// All events from now on.
  func listen() -> WorkerEvents {
    // The newest are left out, not the oldest: then the gap can be told where it is.
    let (stream, continuation) = AsyncStream.makeStream(
      of: WorkerEvent.self, bufferingPolicy: .bufferingOldest(bufferedMax))
    let number = state.withLock { state in
      defer { state.nextNumber += 1 }
      state.listeners[state.nextNumber] = Listener(continuation: continuation)
      return state.nextNumber
    }
    continuation.onTermination = { [weak self] _ in
      // Dropped outside the lock.
      let gone = self?.state.withLock { $0.listeners.removeValue(forKey: number) }
      withExtendedLifetime(gone) {}
    }
    return WorkerEvents(stream)
  }

  var listenerCount: Int { state.withLock { $0.listeners.count } }

  func send(_ event: WorkerEvent) {
    state.withLock { state in
      for number in state.listeners.keys { state.listeners[number]!.receive(event) }
    }
  }

  /// Ends what all listeners have.
  func finish() {
    let listeners = state.withLock { state in
      defer { state.listeners = [:] }
      return Array(state.listeners.values)
    }
    for listener in listeners { listener.continuation.finish() }
  }
}
