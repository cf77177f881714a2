import Foundation
import Logging
import TestBroker
import Testing

/// The parent of all suites: each test has the machine to itself.
@Suite(.serialized, .timeLimit(.minutes(minutesMax))) struct SequiturWorkerTests {}

/// A real group waits for sessions and rebalances, and a long churn is asked for by its rounds.
private let minutesMax =
  TestBroker.isOutside || ProcessInfo.processInfo.environment["SEQUITUR_CHURN_ROUNDS"] != nil ? 30 : 4

let quiet = Logger(label: "sequitur-worker-tests") { _ in SwiftLogNoOpLogHandler() }

/// Runs blocking work on a thread of its own, not in Swift's pool.
func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
