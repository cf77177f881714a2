/// Where a run of bytes stands in a batch's arena.
///
/// Offsets instead of pointers, since the arena may move when it grows. 32 bits: an arena is bounded far
/// below 4 GiB by `Limits.transactionBytesMax`.
@frozen
public struct ByteRange: Sendable, Hashable, BitwiseCopyable {
  public let offset: UInt32
  public let count: UInt32

  @inlinable
  public init(offset: Int, count: Int) {
    assert(offset >= 0 && count >= 0 && offset + count <= UInt32.max)
    self.offset = UInt32(truncatingIfNeeded: offset)
    self.count = UInt32(truncatingIfNeeded: count)
  }

  /// No place at all: see `OutputHeader.value`.
  init(nullAt offset: UInt32, count: UInt32) {
    self.offset = offset
    self.count = count
  }
}
