/// Runs blocking calls on a thread of their own, outside Swift's cooperative pool, and waits for their result.
package func withBlockingThread<Result: Sendable>(
  _ name: String, _ body: @escaping @Sendable () -> Result
) async -> Result {
  await withCheckedContinuation { continuation in
    // The thread keeps itself alive until its body has returned.
    _ = BlockingThread(name: name) { continuation.resume(returning: body()) }
  }
}

/// The same for calls that throw.
package func withBlockingThread<Result: Sendable>(
  _ name: String, throwing body: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    _ = BlockingThread(name: name) { continuation.resume(with: Swift.Result { try body() }) }
  }
}
