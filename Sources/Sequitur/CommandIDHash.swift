/// The 128-bit hash by which a command id is remembered: SipHash-2-4 with 128-bit output and a zero key.
///
/// Source: Aumasson and Bernstein, *SipHash: a fast short-input PRF* (2012), and its reference code's
/// 128-bit variant. Ids are hashed so that an object's state stays small whatever ids users choose.
public struct CommandIDHash: Sendable, Hashable {
  /// The first 64 bits of the output, as text the first 16 digits.
  public let high: UInt64
  /// The last 64 bits.
  public let low: UInt64

  /// A hash that was made before.
  @inlinable
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Hashes an id's bytes.
  public init(_ id: UnsafeRawBufferPointer) {
    var state = SipState()
    let whole = id.count & ~7
    var index = 0
    while index < whole {
      state.absorb(id.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian)
      index += 8
    }
    var last = UInt64(truncatingIfNeeded: id.count) << 56
    while index < id.count {
      last |= UInt64(id[index]) << UInt64(8 * (index & 7))
      index += 1
    }
    state.absorb(last)
    (low, high) = state.finish()
  }
}

/// As text: 32 lower-case hexadecimal digits, the highest first.
extension CommandIDHash {
  static let digitCount = 32

  func appendDigits(to writer: inout ByteWriter) {
    for word in [high, low] {
      for shift in stride(from: 60, through: 0, by: -4) {
        let digit = UInt8(truncatingIfNeeded: word >> UInt64(shift) & 15)
        writer.append(digit < 10 ? 48 + digit : 87 + digit)
      }
    }
  }

  /// Nil when these are no digits, or not as many.
  init?(digits: some Collection<UInt8>) {
    guard digits.count == Self.digitCount else { return nil }
    var words: [UInt64] = [0, 0]
    for (index, byte) in digits.enumerated() {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - 48
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - 87
      default: return nil
      }
      words[index / 16] = words[index / 16] << 4 | UInt64(digit)
    }
    self.init(high: words[0], low: words[1])
  }
}

/// SipHash's four words, keyed with zero.
struct SipState {
  var v0: UInt64 = 0x736f_6d65_7073_6575
  var v1: UInt64 = 0x646f_7261_6e64_6f6d ^ 0xee
  var v2: UInt64 = 0x6c79_6765_6e65_7261
  var v3: UInt64 = 0x7465_6462_7974_6573

  mutating func absorb(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  mutating func finish() -> (UInt64, UInt64) {
    v2 ^= 0xee
    for _ in 0..<4 { round() }
    let first = v0 ^ v1 ^ v2 ^ v3
    v1 ^= 0xdd
    for _ in 0..<4 { round() }
    return (first, v0 ^ v1 ^ v2 ^ v3)
  }

  private mutating func round() {
    v0 &+= v1
    v1 = v1.rotated(by: 13) ^ v0
    v0 = v0.rotated(by: 32)
    v2 &+= v3
    v3 = v3.rotated(by: 16) ^ v2
    v0 &+= v3
    v3 = v3.rotated(by: 21) ^ v0
    v2 &+= v1
    v1 = v1.rotated(by: 17) ^ v2
    v2 = v2.rotated(by: 32)
  }
}

extension UInt64 {
  fileprivate func rotated(by bits: UInt64) -> UInt64 { self << bits | self >> (64 - bits) }
}
