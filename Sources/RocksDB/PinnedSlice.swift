internal import CRocksDB

/// A value read from a ``Database``, lent by the block cache instead of being copied.
///
/// It keeps its bytes as they were read, whatever is written afterwards, and keeps the database
/// from being destroyed: let go of it soon, since it pins a block of the cache.
/// Thread rule: any thread may read it; it may be moved. C: `rocksdb_pinnableslice_t`.
///
/// `@unchecked`: slice.h: "Multiple threads can invoke const methods on a Slice without external
/// synchronization"; only const functions are called here, and the one owner destroys it.
public struct PinnedSlice: ~Copyable, @unchecked Sendable {
  private let pointer: OpaquePointer
  private let family: ColumnFamily
  private let buffer: UnsafeRawBufferPointer

  /// Takes `pointer` over, and a use of `family` that the caller entered.
  init(taking pointer: OpaquePointer, using family: ColumnFamily) {
    self.pointer = pointer
    self.family = family
    buffer = UnsafeRawBufferPointer(pinnedSlice: pointer)
  }

  deinit {
    rocksdb_pinnableslice_destroy(pointer)
    family.leave()
  }

  /// Number of bytes; zero is a value too.
  public var count: Int { buffer.count }

  /// The bytes, as a view that the compiler keeps within the slice's life.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get { _overrideLifetime(RawSpan(_unsafeBytes: buffer), borrowing: self) }
  }

  /// Lends the bytes for the length of `body`.
  public func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(buffer)
  }
}

extension UnsafeRawBufferPointer {
  /// The bytes that a `rocksdb_pinnableslice_t` lends until it is destroyed.
  init(pinnedSlice: OpaquePointer) {
    var count = 0
    let start = rocksdb_pinnableslice_value(pinnedSlice, &count)
    self.init(cBytes: start, count: count)
  }
}
