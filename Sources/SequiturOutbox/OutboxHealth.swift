import Synchronization

/// Whether a relay works, and what keeps it from it.
public struct OutboxHealth: Sendable, Hashable {
  /// What keeps a relay, or one shard of it, from going on.
  public struct Trouble: Sendable, Hashable {
    /// `<name>`, or `<name>/<shard>`.
    public var place: String
    /// In a few words, which stay the same while it goes on: `the database is away`.
    public var cause: String
    /// The last error.
    public var detail: String
    /// What to do; empty where that is not known.
    public var cure: String
    /// Since when it lasts.
    public var began: ContinuousClock.Instant
  }

  /// Whether it has taken the name over and serves it.
  public var isServing = false
  /// By place; empty when all is well.
  public var troubles: [Trouble] = []
  /// Steps that failed and were made again, since the start.
  public var failures = 0

  /// Whether rows are sent as they come.
  public var isReady: Bool { isServing && troubles.isEmpty }
}

/// Where a relay's threads write down how they are. Any thread.
final class HealthBoard: Sendable {
  private let health = Mutex(OutboxHealth())

  var current: OutboxHealth { health.withLock { $0 } }

  func served() { health.withLock { $0.isServing = true } }

  /// It is to be looked whether the name is still this relay's.
  func stoppedServing() { health.withLock { $0.isServing = false } }

  /// A step failed, and will be made again.
  func failed(_ place: String, _ cause: String, _ detail: String, cure: String) {
    health.withLock { health in
      health.failures += 1
      let former = health.troubles.first { $0.place == place && $0.cause == cause }
      health.troubles.removeAll { $0.place == place }
      health.troubles.append(
        OutboxHealth.Trouble(
          place: place, cause: cause, detail: detail, cure: cure, began: former?.began ?? .now))
      health.troubles.sort { $0.place < $1.place }
    }
  }

  /// The place has no trouble any more, or is no more.
  func succeeded(_ place: String) { health.withLock { $0.troubles.removeAll { $0.place == place } } }
}
