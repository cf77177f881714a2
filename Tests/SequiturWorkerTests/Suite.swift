import Foundation
import Logging
import Testing

/// The parent of all suites: each test has the machine to itself.
@Suite(.serialized, .timeLimit(.minutes(4))) struct SequiturWorkerTests {}

let quiet = Logger(label: "sequitur-worker-tests") { _ in SwiftLogNoOpLogHandler() }

/// Runs blocking work on a thread of its own, not in Swift's pool.
func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
