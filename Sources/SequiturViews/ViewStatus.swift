import SequiturFollower

/// How a view stands.
public struct ViewStatus: Sendable, Hashable {
  /// What it is doing.
  public enum Phase: Sendable, Hashable {
    /// ``ObjectView/run()`` was not called, or has not reached the broker yet.
    case starting
    /// Reading what was there: how many records were taken in this run, how many a second, and about how long it takes yet.
    case catchingUp(records: Int, perSecond: Double, remaining: Int64, secondsLeft: Double?)
    /// Caught up once, and following: how far it is behind what is committed.
    case current(lag: Lag)
    /// Something must pass first, which is said with its cure. It goes on by itself.
    case waiting(reason: String)
    /// It has ended; nil by itself.
    case ended(reason: String?)
  }

  /// How far a view is behind.
  public struct Lag: Sendable, Hashable {
    /// Offsets up to the committed end, markers of transactions included, as it was asked for last.
    public var records: Int64
    /// At most so long ago everything that was committed then was here. It grows while the broker does not answer.
    public var time: Duration

    /// A lag of so much.
    public init(records: Int64, time: Duration) {
      self.records = records
      self.time = time
    }
  }

  /// What it is doing.
  public internal(set) var phase: Phase
  /// By partition, the last command that is covered; those without one are left out.
  public internal(set) var positions: [Int32: CommandToken]
  /// Who listens.
  public internal(set) var listeners: Int
  /// Changes that were merged into others since the start, because a listener was slow.
  public internal(set) var mergedChanges: Int
  /// How often a partition was read anew from the beginning, since deletions may have been missed or the changelog was made
  /// anew.
  public internal(set) var rebuilds: Int
}
