/// SipHash-2-4 with 128-bit output and a zero key over bytes that come in several pieces: the same as
/// ``CommandIDHash`` of all of them together.
struct SipStream {
  private var state = SipState()
  /// The bytes behind the last whole word, little-endian.
  private var tail: UInt64 = 0
  private var count = 0

  mutating func absorb(_ bytes: UnsafeRawBufferPointer) {
    let shift = UInt64(8 * (count & 7))
    var index = 0
    while index &+ 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
      if shift == 0 {
        state.absorb(word)
      } else {
        state.absorb(tail | word << shift)
        tail = word >> (64 - shift)
      }
      index &+= 8
    }
    count &+= index
    while index < bytes.count {
      tail |= UInt64(bytes[index]) << UInt64(8 * (count & 7))
      count &+= 1
      index &+= 1
      guard count & 7 == 0 else { continue }
      state.absorb(tail)
      tail = 0
    }
  }

  mutating func absorb<Number: FixedWidthInteger>(bigEndian number: Number) {
    withUnsafeBytes(of: number.bigEndian) { absorb($0) }
  }

  /// The length in four bytes, then the bytes; nil has the length 2^32−1 and no bytes.
  mutating func absorb(counted bytes: UnsafeRawBufferPointer?) {
    absorb(bigEndian: bytes.map { UInt32(truncatingIfNeeded: $0.count) } ?? .max)
    if let bytes { absorb(bytes) }
  }

  consuming func finish() -> CommandIDHash {
    state.absorb(tail | UInt64(truncatingIfNeeded: count) << 56)
    let (low, high) = state.finish()
    return CommandIDHash(high: high, low: low)
  }
}
