import Glibc

/// The order of bytes, as memcmp(3) has it; of a beginning and the whole the beginning comes first.
enum ByteOrder {
  /// Below 0, 0, above 0.
  static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    let count = min(left.count, right.count)
    guard count > 0, let one = left.baseAddress, let other = right.baseAddress else {
      return left.count - right.count
    }
    let order = memcmp(one, other, count)
    return order != 0 ? Int(order) : left.count - right.count
  }
}
