/// Where a run of bytes stands in a batch's arena.
///
/// Offsets instead of pointers, since the arena may move when it grows. 32 bits: an arena is bounded far
/// below 4 GiB by `Limits.transactionBytesMax`.
@frozen
public struct ByteRange: Sendable, Hashable {
  public let offset: UInt32
  public let count: UInt32

  @inlinable
  public init(offset: Int, count: Int) {
    self.offset = UInt32(offset)
    self.count = UInt32(count)
  }
}
