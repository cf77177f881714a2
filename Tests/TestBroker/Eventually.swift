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
