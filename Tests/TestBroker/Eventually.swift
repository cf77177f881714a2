import Synchronization

/// Waits until a condition holds.
///
/// - Parameter time: a broker from outside, which may be slow and far away, gets twice as long.
/// - Throws: `TimedOut` when it does not in time.
public func eventually(
  _ what: String, within time: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + (TestBroker.isOutside ? time * 2 : time)
  while try await !condition() {
    guard ContinuousClock.now < deadline else { throw TimedOut(what: what, after: time) }
    try await Task.sleep(for: .milliseconds(5))
  }
}

/// Waits until a condition holds that something at work is to bring about.
///
/// - Throws: its error when it ends with one first, which would otherwise be told as time that went by;
///   `TimedOut` when it ends without one, or goes on and the condition does not hold in time.
public func eventually(
  _ what: String, within time: Duration = .seconds(60), while work: Task<Void, any Error>,
  _ condition: () async throws -> Bool
) async throws {
  let end = Mutex<Result<Void, any Error>?>(nil)
  let watch = Task {
    let result = await work.result
    end.withLock { $0 = result }
  }
  defer { watch.cancel() }
  try await eventually(what, within: time) {
    let ended = end.withLock { $0 }
    if try await condition() { return true }
    guard let ended else { return false }
    try ended.get()
    throw TimedOut(what: "\(what) before the work ends", after: .zero)
  }
}

/// A condition that did not hold in time.
public struct TimedOut: Error, CustomStringConvertible {
  let what: String
  let after: Duration

  public init(what: String, after: Duration) {
    self.what = what
    self.after = after
  }

  public var description: String { "Expected \(what), but after \(after) it is not so" }
}
