/// Memory for texts and lists that expressions make: taken piece by piece, given back all at once.
///
/// Pieces never move. What one command needed is kept for the next.
struct TextArena: ~Copyable {
  /// The most bytes that the texts of one command may have.
  static let bytesMax = 4 << 20
  private static let blockBytes = 4096

  private var blocks: [UnsafeMutableRawBufferPointer] = []
  private var current = 0
  private var used = 0
  private var total = 0

  deinit { for block in blocks { block.deallocate() } }

  mutating func removeAll() {
    guard total > 0 else { return }
    // What a large command needed is not kept for ever.
    if total > 16 * Self.blockBytes {
      for block in blocks { block.deallocate() }
      blocks = []
    }
    (current, used, total) = (0, 0, 0)
  }

  /// Room for so many bytes; nil when there would be more than ``bytesMax``.
  private mutating func take(_ count: Int) -> UnsafeMutableRawPointer? {
    guard total + count <= Self.bytesMax else { return nil }
    total += max(count, 1)
    while current < blocks.count, used + count > blocks[current].count {
      current += 1
      used = 0
    }
    if current == blocks.count {
      blocks.append(.allocate(byteCount: max(count, Self.blockBytes), alignment: 16))
      used = 0
    }
    defer { used += count }
    return blocks[current].baseAddress! + used
  }

  /// One text behind the other.
  mutating func append(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
  ) -> UnsafeRawBufferPointer? {
    guard let start = take(first.count + second.count) else { return nil }
    if let bytes = first.baseAddress { start.copyMemory(from: bytes, byteCount: first.count) }
    if let bytes = second.baseAddress {
      (start + first.count).copyMemory(from: bytes, byteCount: second.count)
    }
    return UnsafeRawBufferPointer(start: start, count: first.count + second.count)
  }

  /// The list with one more item at its end.
  mutating func append(
    item: UnsafeRawBufferPointer, to list: UnsafeRawBufferPointer
  ) -> UnsafeRawBufferPointer? {
    let count = list.count + 4 + item.count
    guard let start = take(count) else { return nil }
    if let bytes = list.baseAddress { start.copyMemory(from: bytes, byteCount: list.count) }
    (start + list.count).storeBytes(of: UInt32(item.count), as: UInt32.self)
    if let bytes = item.baseAddress {
      (start + list.count + 4).copyMemory(from: bytes, byteCount: item.count)
    }
    return UnsafeRawBufferPointer(start: start, count: count)
  }

  /// The list without the items that are equal to this one.
  mutating func remove(
    item: UnsafeRawBufferPointer, from list: UnsafeRawBufferPointer
  ) -> UnsafeRawBufferPointer? {
    guard let start = take(list.count) else { return nil }
    var count = 0
    for other in ListItems(list) where Machine.order(other, item) != 2 {
      (start + count).storeBytes(of: UInt32(other.count), as: UInt32.self)
      if let bytes = other.baseAddress { (start + count + 4).copyMemory(from: bytes, byteCount: other.count) }
      count += 4 + other.count
    }
    return UnsafeRawBufferPointer(start: start, count: count)
  }
}
