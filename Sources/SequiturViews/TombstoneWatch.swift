/// Whether deletions may have been missed, as a pure structure.
///
/// A changelog keeps the mark of a deleted object for a time and then compacts it away. Who had everything at one moment and
/// has everything at a later one has seen each mark of the time between, if that is shorter: a mark was written behind the
/// first moment, so it was still there at the second.
struct TombstoneWatch: Sendable, Hashable {
  private let keptMilliseconds: Int64
  /// Milliseconds since 1970: everything that was committed then had been applied.
  private(set) var currentAt: Int64
  /// How far had been read then; nil when that was nothing.
  private(set) var end: Int64?

  init(kept: Duration, at mark: ViewMark) {
    keptMilliseconds = Int64(kept / .milliseconds(1))
    currentAt = mark.currentAt
    end = mark.currentEnd
  }

  /// Everything that was committed at a moment has been applied now, by reading up to here.
  /// - Returns: false when a deletion may have been missed. The partition must be read from the beginning then.
  mutating func current(at moment: Int64, now: Int64, readTo: Int64) -> Bool {
    // What was compacted away keeps its offset: an end that is the same has nothing new below it. A clock that was set back
    // tells nothing.
    let isSure = readTo == end || readTo == 0 || (now >= currentAt && now - currentAt < keptMilliseconds)
    currentAt = moment
    end = readTo
    return isSure
  }
}
