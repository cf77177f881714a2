/// The pauses between tries: each twice as long as the one before, up to a longest.
struct Backoff: Sendable, Hashable {
  let first: Duration
  let longest: Duration

  /// The pause after so many failures, from 1.
  func pause(after failures: Int) -> Duration {
    var pause = first
    var left = failures - 1
    while left > 0, pause < longest {
      pause *= 2
      left -= 1
    }
    return min(pause, longest)
  }
}
