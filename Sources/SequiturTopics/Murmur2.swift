/// The hash by which Kafka's Java client chooses a key's partition: MurmurHash2 by Austin Appleby (public
/// domain), with the seed that `org.apache.kafka.common.utils.Utils.murmur2` uses.
package enum Murmur2 {
  /// The partition of a key: what `partitioner=murmur2_random` gives it.
  package static func partition(of key: some Collection<UInt8>, among partitions: Int32) -> Int32 {
    Int32(hash(Array(key)) & 0x7fff_ffff) % partitions
  }

  package static func hash(_ bytes: [UInt8]) -> UInt32 {
    let factor: UInt32 = 0x5bd1_e995
    var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: bytes.count)
    var index = 0
    while index + 4 <= bytes.count {
      var word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
      word = word &* factor
      word ^= word >> 24
      hash = (hash &* factor) ^ (word &* factor)
      index += 4
    }
    if index < bytes.count {
      for rest in index..<bytes.count { hash ^= UInt32(bytes[rest]) << UInt32(8 * (rest - index)) }
      hash = hash &* factor
    }
    hash ^= hash >> 13
    hash = hash &* factor
    return hash ^ (hash >> 15)
  }
}
