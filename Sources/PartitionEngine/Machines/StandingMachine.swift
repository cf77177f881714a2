/// Whether what a worker holds was assigned to it under its membership of this moment, as a pure machine.
///
/// Coordinators check that offsets come from a member of the present generation, and nothing about who owns a partition.
/// librdkafka (2.0) shows a new generation before it has said what that generation assigns, and does not report a lost
/// assignment while a rebalance is under way. So offsets are sent only under the standing, member id and generation, whose
/// assignment this worker has been told; and partitions that were kept while the member id changed are restored anew, since
/// others may have owned them in between.
///
///     no standing ── assigned ──▶ standing (member, generation) ── assigned, revoked: the next generation
///          ▲                               │
///          └──────── lost, revoked under another member id, or under none
public struct StandingMachine: Sendable {
  /// A membership at one moment.
  public struct Standing: Sendable, Hashable {
    public let memberID: String
    public let generation: Int

    public init(memberID: String, generation: Int) {
      self.memberID = memberID
      self.generation = generation
    }
  }

  private var told: Standing?

  public init() {}

  /// Whether offsets may be sent under a membership: it is the one whose assignment was told.
  public func confirms(_ now: Standing) -> Bool { told == now }

  /// Partitions were assigned, none included.
  ///
  /// - Parameter now: the membership as the client shows it; nil when it shows none.
  /// - Returns: whether the membership was interrupted. Then partitions that were assigned before are to be given up and
  ///   restored anew, and nothing is confirmed until ``settled(under:)``: what is under way of them is another member's.
  public mutating func assigned(under now: Standing?) -> Bool {
    let isInterrupted = now == nil || told?.memberID != now?.memberID
    told = isInterrupted ? nil : now
    return isInterrupted
  }

  /// After an interruption: what was assigned before is given up.
  public mutating func settled(under now: Standing?) { told = now }

  /// Partitions are revoked.
  ///
  /// - Returns: whether their transactions can still be committed; false: they are lost.
  public mutating func revoked(under now: Standing?) -> Bool {
    guard let now, now.memberID == told?.memberID else {
      told = nil
      return false
    }
    told = now
    return true
  }

  /// Partitions were lost, or the client is dead.
  public mutating func lost() { told = nil }
}
