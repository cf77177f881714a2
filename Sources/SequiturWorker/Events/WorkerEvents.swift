/// A worker's events from one moment on, in their order, for one listener.
///
///     let worker = Worker(configuration) { BankAccount() }
///     let events = worker.events
///     let running = Task { try await worker.run() }
///     for await event in events {
///       if case .refused(let partition, let fault) = event { page("partition \(partition): \(fault)") }
///     }
///
/// Ends when the worker has ended. At most ``bufferedMax`` events wait for a slow listener; what comes when they do is left
/// out, and ``WorkerEvent/missed(_:)`` stands in its place. A worker never waits for a listener.
///
/// One iterator a value: two would share the events between them.
public struct WorkerEvents: AsyncSequence, Sendable {
  /// Events that wait for a listener.
  public static let bufferedMax = 4096

  private let stream: AsyncStream<WorkerEvent>

  init(_ stream: AsyncStream<WorkerEvent>) { self.stream = stream }

  /// Begins to listen; each event is handed to one iterator.
  public func makeAsyncIterator() -> AsyncStream<WorkerEvent>.Iterator { stream.makeAsyncIterator() }
}
