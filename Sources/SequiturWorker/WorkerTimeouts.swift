/// How long a worker waits for what, chosen together.
///
/// A crashed worker's partitions come to life elsewhere after `session`; its open transaction ends at most
/// `transaction` after it began, or at once when the same instance comes back. A transaction is open only
/// while it is sent and committed, not while commands are prepared, so `transaction` may be short; it must
/// outlast a broker's leader election. `revoke` must stay well below the group's rebalance timeout
/// (`max.poll.interval.ms`).
public struct WorkerTimeouts: Sendable, Hashable {
  /// `session.timeout.ms`. Default 15 s.
  public var session = Duration.seconds(15)
  /// `heartbeat.interval.ms`: a fifth of the session. Default 3 s.
  public var heartbeat = Duration.seconds(3)
  /// `transaction.timeout.ms`. Default 30 s.
  public var transaction = Duration.seconds(30)
  /// `max.poll.interval.ms`. Default 60 s.
  public var pollInterval = Duration.seconds(60)
  /// How long a revoke waits for the transaction in flight before it is given up. Default 10 s.
  public var revoke = Duration.seconds(10)
  /// One blocking call to the broker, before it is looked at anew. Default 10 s.
  public var call = Duration.seconds(10)
  /// How long the broker may stay silent at the start before it counts as unreachable. Default 15 s.
  public var startup = Duration.seconds(15)
  /// How long a restore may make no progress before it fails and starts again. Default 60 s.
  public var restoreProgress = Duration.seconds(60)
  /// How often the memtables are flushed at least, so that a crash replays no more than that. Default 60 s.
  public var flushInterval = Duration.seconds(60)

  public init() {}
}
