/// The pauses between tries: each twice as long as the one before, up to a longest.
public struct Backoff: Sendable, Hashable {
  /// After the first failure.
  public let first: Duration
  /// The longest one.
  public let longest: Duration

  /// - Parameters:
  ///   - first: more than zero.
  ///   - longest: at least as long.
  public init(first: Duration, longest: Duration) {
    self.first = first
    self.longest = longest
  }

  /// The pause after so many failures, from 1.
  public func pause(after failures: Int) -> Duration {
    var pause = first
    var left = failures - 1
    while left > 0, pause < longest {
      pause *= 2
      left -= 1
    }
    return min(pause, longest)
  }
}
