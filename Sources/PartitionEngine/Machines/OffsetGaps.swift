/// Whether no command stands where a partition's commands came with a gap, as a pure decision.
///
/// The first gap of a partition is believed when it is met a second time at the same place, by what was fetched until
/// then. From then on gaps are what the partition has: its commands are sent in transactions, whose control records may stand
/// side by side.
public struct OffsetGaps: Sendable {
  private enum Knowledge: Sendable {
    /// A gap began here.
    case met(Int64)
    case usual
  }

  private var known: [Int32: Knowledge] = [:]

  /// Nothing is known of any partition.
  public init() {}

  /// A gap was met.
  ///
  /// - Parameter start: the first offset that nothing came of.
  /// - Returns: whether to go on behind it; false: read again from the partition's position.
  public mutating func believes(_ partition: Int32, from start: Int64) -> Bool {
    switch known[partition] {
    case .usual: return true
    case .met(start):
      known[partition] = .usual
      return true
    case .met, nil:
      known[partition] = .met(start)
      return false
    }
  }
}
