/// In which order drains go to the store, who waits for them, and what follows when the store does not take one, as a pure machine.
///
///     submitted ─▶ next ─▶ (written, or failed) ─▶ ended: its partition knows
///
/// Drains are written one after the other, in the order in which they were submitted. A restore waits until those of its
/// partition have ended: a drain that came later would put old states over what the restore wrote.
///
/// A store that takes no write keeps nobody from going on: the objects stay in memory, and the partition drains them again.
/// RocksDB takes no write after some errors until it is opened again (`DB::Resume` and the automatic recovery mend the
/// others), so that is the way out when writes have failed for a while, or at once when the store is damaged.
public struct DrainMachine<Job> {
  /// Why a store did not take a drain.
  public enum Failure: Sendable, Hashable {
    /// The store was opened anew since the drain was made.
    case stale
    /// What is in the store cannot be relied on.
    case damage
    /// It may pass, as a full disk does.
    case other
  }

  /// What follows from it.
  public enum Verdict: Sendable, Hashable {
    /// The partition is told that its store is another one now.
    case storeLost
    /// The store is opened again, as an empty one where it is damaged; then as ``storeLost``.
    case reopen(isDamaged: Bool)
    /// The partition is told after a pause, and drains again what it has.
    case retry(after: Duration)
  }

  private let retryInterval: Duration
  private let reopenInterval: Duration
  /// Few at a time: each partition has one drain under way. No slice, which would keep what was taken out of it.
  private var jobs: [Job] = []
  /// Drains whose end has not reached their partition, by its number.
  private var pending: [Int32: Int] = [:]
  /// Since when writes fail, or since the store was opened again for it.
  private var failingSince: Duration?

  /// - Parameters:
  ///   - retryInterval: between two tries of a write that fails.
  ///   - reopenInterval: so long do writes fail before the store is opened again.
  public init(retryInterval: Duration, reopenInterval: Duration) {
    self.retryInterval = retryInterval
    self.reopenInterval = reopenInterval
  }

  /// Drains that wait or are written, or whose partitions do not know of their end.
  public var waiting: Int { pending.values.reduce(0, +) }

  /// Whether the last write failed.
  public var isFailing: Bool { failingSince != nil }

  /// Whether no drain of the partition is on its way.
  public func isSettled(_ partition: Int32) -> Bool { pending[partition] == nil }

  /// A partition's drain is to be written.
  public mutating func submitted(_ job: Job, of partition: Int32) {
    jobs.append(job)
    pending[partition, default: 0] += 1
  }

  /// The drain to write next; nil when none waits.
  public mutating func next() -> Job? { jobs.isEmpty ? nil : jobs.removeFirst() }

  /// The store took a drain.
  ///
  /// - Returns: whether it had failed before.
  public mutating func written() -> Bool {
    defer { failingSince = nil }
    return failingSince != nil
  }

  /// The store did not take a drain.
  ///
  /// - Parameters:
  ///   - now: a moment of any clock that does not go back.
  ///   - hasRoom: whether the disk has room; opening a store needs some.
  /// - Returns: what follows, and whether the store took the write before.
  public mutating func failed(
    _ failure: Failure, at now: Duration, hasRoom: Bool
  ) -> (verdict: Verdict, isNews: Bool) {
    guard failure != .stale else { return (.storeLost, false) }
    let isNews = failingSince == nil
    let since = failingSince ?? now
    failingSince = since
    guard failure == .damage || (now - since >= reopenInterval && hasRoom) else {
      return (.retry(after: retryInterval), isNews)
    }
    failingSince = now
    return (.reopen(isDamaged: failure == .damage), isNews)
  }

  /// A partition knows the end of one of its drains.
  ///
  /// - Returns: whether it was the last one, so that who waits for them goes on.
  public mutating func ended(_ partition: Int32) -> Bool {
    let rest = pending[partition, default: 1] - 1
    pending[partition] = rest > 0 ? rest : nil
    return rest == 0
  }
}

extension DrainMachine: Sendable where Job: Sendable {}

/// How a drain ended.
public enum DrainEnding: Sendable, Hashable {
  case written
  /// The store did not take it; it is tried again with the partition's next drain.
  case failed
  /// The store was opened anew or dropped.
  case storeLost
}
