import KafkaClient

/// How long a worker waits for what, chosen together.
///
/// **Take-over after a crash.** The group notices after `session`. The successor's restore then waits until the
/// transaction that the crash left open has ended: at once when the same instance comes back, else when the broker
/// gives it up, `transaction` after it began and up to 10 s later (the broker looks every 10 s:
/// `transaction.abort.timed.out.transaction.cleanup.interval.ms`). So the pause is at most
///
///     max(session, transaction + 10 s) + rebalance + restore = max(15, 15 + 10) s + …  by default
///
/// and `session` + rebalance + restore when no transaction was open. A transaction is open only while it is sent and
/// committed, not while commands are prepared. One that the broker gives up is sent again by its owner: a short
/// time-out costs work when a partition's leader is being elected, and no correctness.
///
/// **Hand-over in order.** A revoke lasts until the transaction in flight has ended, at most
/// `revoke` + 5 s (`LaneLimits.abandonGrace`) + `call`. The group gives a member `pollInterval` for it
/// (`max.poll.interval.ms` is also the rebalance time-out): 10 + 5 + 10 ≤ 60.
public struct WorkerTimeouts: Sendable, Hashable {
  /// `session.timeout.ms`: how long a crash goes unnoticed. Default 15 s; brokers allow 6 s to 30 min
  /// (`group.min.session.timeout.ms`, `group.max.session.timeout.ms`).
  public var session = Duration.seconds(15)
  /// `heartbeat.interval.ms`: at most a third of the session, so that two may be lost. A fifth: also how soon a
  /// member learns of a rebalance. Default 3 s.
  public var heartbeat = Duration.seconds(3)
  /// `transaction.timeout.ms`. Default 15 s, as the session: a crash is then over in 25 s at most. Brokers allow
  /// up to `transaction.max.timeout.ms`, 15 min. Raise it where 16 MiB take longer to be sent.
  public var transaction = Duration.seconds(15)
  /// `max.poll.interval.ms`. Default 60 s.
  public var pollInterval = Duration.seconds(60)
  /// How long a revoke waits for the transaction in flight before it is given up. Default 10 s.
  public var revoke = Duration.seconds(10)
  /// One blocking call to the broker, before it is looked at anew. Default 10 s.
  public var call = KafkaLimits.call
  /// How long the broker may stay silent at the start before it counts as unreachable. Default 15 s.
  public var startup = Duration.seconds(15)
  /// How long a restore may make no progress before it fails and starts again. Default 60 s; it must outlast
  /// `transaction` + 10 s, which a restore may have to wait.
  public var restoreProgress = Duration.seconds(60)
  /// How often the memtables are flushed at least, so that a crash replays no more than that. Default 60 s.
  public var flushInterval = Duration.seconds(60)
  /// How often a worker looks whether the commands topic is still the one that it processed. Default 30 s.
  public var inputInterval = Duration.seconds(30)

  /// The defaults, which fit together.
  public init() {}

  /// One blocking call of a restore. A revoke waits for the one under way, so it is no longer than that has time; when
  /// it is too short, the call is made again. At least 250 ms, or a far broker could never answer.
  var restoreCall: Duration { max(min(call, revoke, .seconds(2)), .milliseconds(250)) }

  /// The longest a broker takes to look for transactions whose time is over, by default.
  static let transactionScan = Duration.seconds(10)

  /// The longest that a partition waits for a transaction which its last owner left open.
  var predecessorMax: Duration { transaction + Self.transactionScan }

  /// What contradicts what; empty when all fit together.
  public var faults: [String] {
    let all: [(name: String, value: Duration)] = [
      ("session timeout", session), ("heartbeat interval", heartbeat), ("transaction timeout", transaction),
      ("max poll interval", pollInterval), ("revoke timeout", revoke), ("call timeout", call),
      ("startup timeout", startup), ("restore timeout", restoreProgress), ("flush interval", flushInterval),
    ]
    var faults = all.filter { !(Self.bounds ~= $0.value) }.map { name, value in
      "Expected the \(name) to be 10 ms to 24 h, but it is \(value)."
    }
    if heartbeat * 3 > session {
      faults.append(
        "Expected the heartbeat interval to be at most a third of the session timeout, so that two may be lost, but "
          + "3 × \(heartbeat) is more than \(session).")
    }
    if pollInterval < session {
      faults.append(
        "Expected the max poll interval to be no shorter than the session timeout, but \(pollInterval) is less "
          + "than \(session).")
    }
    let longestRevoke = revoke + LaneLimits.abandonGrace + call
    if longestRevoke > pollInterval {
      faults.append(
        "Expected a revoke to end within the max poll interval, but revoke timeout + \(LaneLimits.abandonGrace) + "
          + "call timeout = \(longestRevoke) is more than \(pollInterval).")
    }
    if restoreProgress < predecessorMax {
      faults.append(
        "Expected the restore timeout to outlast a crashed worker's transaction, but \(restoreProgress) is less than "
          + "transaction timeout + \(Self.transactionScan) = \(predecessorMax).")
    }
    return faults
  }

  private static let bounds = Duration.milliseconds(10)...Duration.seconds(24 * 3600)
}
