import Testing

@testable import PartitionEngine

@Suite struct KeyHashTests {
  private func hash(_ key: [UInt8], seed: UInt64 = 7) -> UInt64 {
    key.withUnsafeBytes { KeyHash(seed: seed)($0) }
  }

  @Test func `keys of every length, and keys that differ in one bit, have hashes of their own`() {
    var hashes: Set<UInt64> = []
    var count = 0
    for length in 1...80 {
      let key = (0..<length).map { UInt8($0) }
      hashes.insert(hash(key))
      count += 1
      for bit in 0..<(length * 8) {
        var other = key
        other[bit / 8] ^= 1 << UInt8(bit % 8)
        hashes.insert(hash(other))
        count += 1
      }
    }
    #expect(hashes.count == count)
  }

  @Test func `numbered keys spread over the slots`() {
    var used = Set<UInt64>()
    for number in 0..<10_000 { used.insert(hash(Array("order-\(number)".utf8)) & 0xffff) }
    // 65,536 slots, 10,000 keys: 9,280 used ones are expected.
    #expect(used.count > 9_100)
  }

  @Test func `the seed and the length count, the place in memory does not`() {
    let key = Array("some longer key than sixteen".utf8)
    #expect(hash(key, seed: 1) != hash(key, seed: 2))
    #expect(hash([0]) != hash([0, 0]))
    let shifted = ([0] + key).withUnsafeBytes { KeyHash(seed: 7)(UnsafeRawBufferPointer(rebasing: $0[1...])) }
    #expect(shifted == hash(key))
  }

  @Test func `nobody can choose keys that collide whatever the seed`() {
    // A factor of zero would wipe out all else that was hashed; the public constants must not make one.
    for constant in [KeyHash.first, KeyHash.second, KeyHash.third] {
      let word = (0..<8).map { UInt8(truncatingIfNeeded: constant >> UInt64($0 * 8)) }
      for length in [0, 16] {
        let keys = (0..<100).map { word + Array(repeating: UInt8($0), count: 8 + length) }
        #expect(Set(keys.map { hash($0) }).count == 100)
      }
    }
  }
}
