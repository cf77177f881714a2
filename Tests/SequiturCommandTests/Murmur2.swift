/// The Java client's default partitioner: `toPositive(murmur2(key)) % partitions`
/// (org.apache.kafka.common.utils.Utils.murmur2).
func javaPartition(_ key: [UInt8], of partitions: Int) -> Int32 {
  let m: UInt32 = 0x5bd1_e995
  var h = 0x9747_b28c ^ UInt32(key.count)
  let whole = key.count & ~3
  for start in stride(from: 0, to: whole, by: 4) {
    var k = (0..<4).reduce(UInt32(0)) { $0 | UInt32(key[start + $1]) << (8 * UInt32($1)) }
    k &*= m
    k ^= k >> 24
    h = (h &* m) ^ (k &* m)
  }
  if whole < key.count {
    for index in whole..<key.count { h ^= UInt32(key[index]) << (8 * UInt32(index - whole)) }
    h &*= m
  }
  h ^= h >> 13
  h &*= m
  h ^= h >> 15
  return Int32(h & 0x7fff_ffff) % Int32(partitions)
}
