/// The hash by which the overlays find a key: folded 64×64→128-bit multiplication over 16-byte steps.
///
/// The technique of wyhash (Wang Yi, public domain). It never leaves the process and nothing depends on its
/// order, so it may change between versions. The seed differs between processes, so that nobody can choose
/// keys that collide.
@frozen
public struct KeyHash: Sendable {
  @usableFromInline
  let seed: UInt64
  /// Meets the key's bytes before they are multiplied. Not a constant: who knows it can choose bytes that make
  /// a factor of zero, which wipes out the seed and all other bytes.
  @usableFromInline
  let secret: UInt64

  @inlinable
  public init(seed: UInt64) {
    self.seed = seed
    self.secret = Self.fold(seed ^ Self.second, Self.first)
  }

  @inlinable @inline(__always)
  public func callAsFunction(_ key: UnsafeRawBufferPointer) -> UInt64 {
    var state = seed ^ Self.first
    var rest = key
    while rest.count > 16 {
      state = Self.fold(Self.word(rest, at: 0) ^ secret, Self.word(rest, at: 8) ^ state)
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(16))
    }
    let (low, high) = Self.tail(rest)
    return Self.fold(Self.fold(low ^ secret, high ^ state), UInt64(key.count) ^ Self.third)
  }

  @usableFromInline static var first: UInt64 { 0xa076_1d64_78bd_642f }
  @usableFromInline static var second: UInt64 { 0xe703_7ed1_a0b4_28db }
  @usableFromInline static var third: UInt64 { 0x8ebc_6af0_9c88_c6e3 }

  /// The last 0…16 bytes as two words that overlap where there are fewer.
  @inlinable
  static func tail(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
    if bytes.count >= 8 { return (word(bytes, at: 0), word(bytes, at: bytes.count - 8)) }
    var low: UInt64 = 0
    for byte in bytes { low = low << 8 | UInt64(byte) }
    return (low, 0)
  }

  @inlinable
  static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
    bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  @inlinable
  static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
