/// A growing run of bytes, appended to at its end.
///
/// Owns its memory; grows by doubling and never shrinks, so that a writer reused for every batch stops
/// allocating. Not thread-safe, but it may be handed from one thread to another.
///
/// `@unchecked Sendable`: a value that cannot be copied has one user at a time, and memory from malloc is
/// bound to no thread (malloc(3), "MT-Safe").
public struct ByteWriter: ~Copyable, @unchecked Sendable {
  @usableFromInline
  var start: UnsafeMutableRawPointer

  /// Bytes of memory held, in use or not.
  public internal(set) var capacity: Int

  /// 0…`capacity`. What is added to it was reserved first, so that it cannot overflow.
  @usableFromInline
  var length: Int

  /// - Parameter capacity: bytes to reserve at once.
  public init(capacity: Int = 256) {
    self.capacity = max(capacity, 16)
    start = .allocate(byteCount: self.capacity, alignment: 16)
    length = 0
  }

  deinit { start.deallocate() }

  /// The number of bytes written.
  @inlinable
  public var count: Int { length }

  /// The bytes written so far; valid until the next mutation.
  @inlinable
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start, count: count)
  }

  /// The bytes from `offset` on; valid until the next mutation.
  @inlinable
  public func bytes(at offset: Int, count length: Int) -> UnsafeRawBufferPointer {
    assert(offset >= 0 && length >= 0 && offset + length <= count)
    return UnsafeRawBufferPointer(start: start + offset, count: length)
  }

  /// Forgets what stands behind `count`; keeps the memory.
  @inlinable
  public mutating func truncate(to count: Int) {
    precondition(count <= self.count, "a writer cannot be truncated to more than it holds")
    length = count
  }

  /// Drops the first `dropped` bytes and moves the others to the front.
  public mutating func removeFirst(_ dropped: Int) {
    precondition(dropped <= length, "a writer cannot drop more than it holds")
    start.copyMemory(from: start + dropped, byteCount: length - dropped)
    length -= dropped
  }

  /// Appends a byte.
  @inlinable
  public mutating func append(_ byte: UInt8) {
    reserve(1)
    start.storeBytes(of: byte, toByteOffset: length, as: UInt8.self)
    length &+= 1
  }

  /// Appends bytes, which are copied.
  @inlinable
  public mutating func append(_ source: UnsafeRawBufferPointer) {
    guard let bytes = source.baseAddress, source.count > 0 else { return }
    reserve(source.count)
    (start + length).copyMemory(from: bytes, byteCount: source.count)
    length &+= source.count
  }

  /// Appends a span's bytes, which are copied.
  @inlinable
  public mutating func append(_ span: RawSpan) {
    span.withUnsafeBytes { append($0) }
  }

  /// Appends the text's UTF-8.
  @inlinable
  public mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  /// Appends the text's UTF-8, without making a string of it.
  @inlinable
  public mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends an integer's bytes in little-endian order.
  @inlinable
  public mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
    withUnsafeBytes(of: value.littleEndian) { append($0) }
  }

  /// Appends an integer's bytes in big-endian order.
  @inlinable
  public mutating func append<Integer: FixedWidthInteger>(bigEndian value: Integer) {
    withUnsafeBytes(of: value.bigEndian) { append($0) }
  }

  /// Appends a value's bytes as they stand in memory, in this machine's byte order.
  ///
  /// For a state or an event that is a struct of numbers. It must have no padding, whose bytes are not defined.
  @inlinable @inline(__always)
  public mutating func append<Value: BitwiseCopyable>(bytesOf value: borrowing Value) {
    reserve(MemoryLayout<Value>.size)
    withUnsafeBytes(of: value) { (start + length).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    length &+= MemoryLayout<Value>.size
  }

  /// Makes room for `additional` bytes behind the end.
  @inlinable @inline(__always)
  public mutating func reserve(_ additional: Int) {
    if additional > capacity &- length { grow(to: length + additional) }
  }

  /// Appends `added` bytes that `body` fills.
  @inlinable
  public mutating func append(count added: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    reserve(added)
    body(UnsafeMutableRawBufferPointer(start: start + length, count: added))
    length &+= added
  }

  /// Appends what `body` writes into room for `max` bytes: as many from its beginning as it answers.
  @inlinable @inline(__always)
  public mutating func append(max: Int, _ body: (UnsafeMutableRawPointer) -> Int) {
    reserve(max)
    let added = body(start + length)
    assert(0...max ~= added)
    length &+= added
  }

  @usableFromInline @inline(never)
  mutating func grow(to needed: Int) {
    let larger = max(needed, capacity * 2)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    memory.copyMemory(from: start, byteCount: length)
    start.deallocate()
    start = memory
    capacity = larger
  }
}
