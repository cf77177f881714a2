import Foundation
import Logging
import Testing

/// The parent of all suites: each test has the machine to itself.
@Suite(.serialized, .timeLimit(.minutes(4))) struct SequiturWorkerTests {}

let quiet = Logger(label: "sequitur-worker-tests") { _ in SwiftLogNoOpLogHandler() }

/// Waits until a condition holds.
///
/// - Throws: `TimedOut` when it does not in time.
func eventually(
  _ what: String, within time: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + time
  while try await !condition() {
    guard ContinuousClock.now < deadline else { throw TimedOut(what: what, after: time) }
    try await Task.sleep(for: .milliseconds(5))
  }
}

struct TimedOut: Error, CustomStringConvertible {
  let what: String
  let after: Duration

  var description: String { "Expected \(what), but after \(after) it is not so" }
}

/// Runs blocking work on a thread of its own, not in Swift's pool.
func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
