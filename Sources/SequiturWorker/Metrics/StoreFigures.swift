/// How much a worker's local store has, and lacks, when it was looked at last.
public struct StoreFigures: Sendable, Hashable {
  /// Bytes of its tables on the disk; nil before the first look.
  public var tableBytes: Int64?
  /// Committed bytes that it does not have yet.
  public var undrainedBytes: Int64 = 0
}
