import Sequitur

/// Whether the commands topic is the one that a position belongs to, as a pure decision.
///
///     bounds ─▶ fits                  nothing contradicts
///            ─▶ compare(last)         read the command that was processed last: is it the same?
///            ─▶ broken(fault)
///
/// | log start, end and position P, last command L | |
/// |---|---|
/// | P beyond the end | recreated, truncated, or an older copy |
/// | P before the log start | commands were deleted that nobody had processed |
/// | P within, L within | L is read and compared: a topic that outgrew its predecessor has another command there |
/// | P within, L deleted, or not known | fits: all that was deleted had been processed |
///
/// What it cannot see: another topic whose own retention has passed L and not yet P. Positions are the same number then
/// by an accident.
public struct InputCheck: Sendable, Hashable {
  public enum Finding: Sendable, Hashable {
    case fits
    /// Read what stands at this command's offset.
    case compare(LastCommand)
    case broken(InputFault)
  }

  /// What stands where the last command stood.
  public enum Found: Sendable, Hashable {
    case command(LastCommand)
    /// The next record stands behind it, or none does.
    case nothing
  }

  /// The next command offset to process.
  public let position: Int64
  /// The command that was processed last, as far as it is known; below the position.
  public let last: LastCommand?

  public init(position: Int64, last: LastCommand?) {
    self.position = position
    self.last = last
  }

  /// - Parameters:
  ///   - logStart: of the commands topic's partition.
  ///   - end: its high watermark.
  public func bounds(logStart: Int64, end: Int64) -> Finding {
    if position > end { return .broken(.endsBelow(position: position, end: end)) }
    if position < logStart { return .broken(.commandsDeleted(position: position, logStart: logStart)) }
    guard let last, last.offset >= logStart else { return .fits }
    return .compare(last)
  }

  /// - Parameters:
  ///   - logStart: when nothing was found, asked after it was looked for: it may have been deleted meanwhile.
  ///   - end: likewise.
  public func compared(_ found: Found, logStart: Int64, end: Int64) -> Finding {
    guard let last else { return .fits }
    switch found {
    case .command(last): return .fits
    case .command: return .broken(.otherCommand(position: position, offset: last.offset))
    case .nothing where last.offset < logStart: return bounds(logStart: logStart, end: end)
    case .nothing: return .broken(.commandGone(position: position, offset: last.offset))
    }
  }
}
