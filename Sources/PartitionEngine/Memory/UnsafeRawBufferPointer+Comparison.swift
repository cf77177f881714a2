extension UnsafeRawBufferPointer {
  /// Whether both hold the same bytes; eight at a time, since keys are compared for every command.
  @inlinable @inline(__always)
  package func isSame(as other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard count > 0, let left = baseAddress, let right = other.baseAddress else { return true }
    var index = 0
    while index &+ 8 <= count {
      guard left.word(at: index) == right.word(at: index) else { return false }
      index &+= 8
    }
    if index == count { return true }
    // The last bytes overlap those before them, when there are any.
    if count > 8 { return left.word(at: count &- 8) == right.word(at: count &- 8) }
    while index < count {
      guard
        left.loadUnaligned(fromByteOffset: index, as: UInt8.self)
          == right.loadUnaligned(fromByteOffset: index, as: UInt8.self)
      else { return false }
      index &+= 1
    }
    return true
  }

  /// Whether these bytes come before the others in the store's order: byte by byte, unsigned.
  @inlinable @inline(__always)
  package func precedes(_ other: UnsafeRawBufferPointer) -> Bool {
    let common = Swift.min(count, other.count)
    var index = 0
    while index &+ 8 <= common {
      let (left, right) = (baseAddress!.word(at: index), other.baseAddress!.word(at: index))
      if left != right { return UInt64(bigEndian: left) < UInt64(bigEndian: right) }
      index &+= 8
    }
    while index < common {
      if self[index] != other[index] { return self[index] < other[index] }
      index &+= 1
    }
    return count < other.count
  }

  /// How many bytes both begin with.
  @inlinable
  package func commonStart(with other: UnsafeRawBufferPointer) -> Int {
    let common = Swift.min(count, other.count)
    var index = 0
    while index < common, self[index] == other[index] { index += 1 }
    return index
  }

  /// Eight bytes as a number in their order, zeros behind the last: of what is the same before, the lower one comes first.
  @inlinable
  package func orderingWord(from start: Int) -> UInt64 {
    if count >= start + 8 { return UInt64(bigEndian: loadUnaligned(fromByteOffset: start, as: UInt64.self)) }
    var word: UInt64 = 0
    for index in start..<start + 8 { word = word << 8 | (index < count ? UInt64(self[index]) : 0) }
    return word
  }
}

extension UnsafeRawPointer {
  @inlinable @inline(__always)
  func word(at offset: Int) -> UInt64 { loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
}
