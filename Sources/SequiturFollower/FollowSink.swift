import PartitionEngine

/// Where a sink stands in a partition: see `FollowMachine.Position`.
public typealias FollowPosition = FollowMachine.Position

/// What takes committed records: a view, a projection, a printer.
///
/// An implementer must
/// - apply a batch and its new position together, or neither: what ``position(of:)`` says after a crash is what was applied;
/// - not keep records without a bound of its own.
///
/// It may block, and holds up its follower then. All calls come from the follower's own thread, one after the other.
public protocol FollowSink: AnyObject, Sendable {
  /// What was applied of a partition; nil for nothing. Asked at the start, and again when reading begins anew.
  /// - Throws: what keeps the sink from telling; the follower ends with it.
  func position(of partition: Int32) throws -> FollowPosition?

  /// Takes records, and with them the position they lead to.
  ///
  /// - Parameters:
  ///   - batch: the records in their order. Empty where only the position moves, as after commands that changed nothing.
  ///   - old: the position the sink must stand at; another one means that somebody else has moved it.
  ///   - new: the position it stands at afterwards. Nil in the middle of a unit that is larger than the follower's
  ///     bound: what is there is no consistent state, and the position stays.
  /// - Throws: why the sink refuses the batch; the follower ends with it.
  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) throws -> FollowVerdict

  /// Told how far the reader is, whenever that has changed and after what was applied. Default: nothing.
  /// - Throws: what ends the follower.
  func progressed(_ partition: Int32, _ status: FollowStatus) throws
}

extension FollowSink {
  /// Does nothing.
  public func progressed(_ partition: Int32, _ status: FollowStatus) {}
}

/// What a sink made of a batch.
public enum FollowVerdict: Sendable, Hashable {
  case applied
  /// Somebody else has moved the position: it is asked for again, and gone on from there. Nothing was applied.
  case fenced
  /// Not now; the same batch again after this time. Nothing was applied.
  case retry(after: Duration)
}
