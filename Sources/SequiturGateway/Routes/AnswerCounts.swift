import HTTPTypes
import Synchronization

/// How many requests for commands were answered, by status. Any thread.
final class AnswerCounts: Sendable {
  private let counts = Mutex<[Int: Int]>([:])

  var all: [Int: Int] { counts.withLock { $0 } }

  func add(_ status: HTTPResponse.Status) { counts.withLock { $0[status.code, default: 0] += 1 } }
}
