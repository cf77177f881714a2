import Synchronization

/// One partition's objects in memory, in shards by a hash of the key.
///
/// The order is by shard, then by key, so that a page sorts no more than its shards, and a listener that reads page by page
/// holds nobody up.
final class MemoryTable<Value: Sendable>: ViewTable {
  private static var shardBits: Int { 12 }

  private struct Content {
    var shards: [[[UInt8]: StoredObject<Value>]]
    var mark: ViewMark
    var bytes = 0
  }

  private let budget: MemoryBudget
  private let content: Mutex<Content>

  init(_ budget: MemoryBudget, now: Int64) {
    self.budget = budget
    content = Mutex(
      Content(
        shards: Array(repeating: [:], count: 1 << Self.shardBits),
        mark: ViewMark(position: nil, currentAt: now, currentEnd: nil)))
  }

  deinit { budget.giveBack(content.withLock { $0.bytes }) }

  var mark: ViewMark { content.withLock { $0.mark } }

  func object(_ key: [UInt8]) -> StoredObject<Value>? {
    let shard = Self.shard(of: key)
    return content.withLock { $0.shards[shard][key] }
  }

  func write(_ entries: [ViewEntry<Value>], _ mark: ViewMark) throws(ViewFault) {
    let growth = content.withLock { content in
      entries.reduce(0) { sum, entry in
        let old = content.shards[Self.shard(of: entry.key)][entry.key]
        return sum + Self.bytes(entry.key, entry.object) - Self.bytes(entry.key, old)
      }
    }
    try budget.take(growth)
    content.withLock { content in
      for entry in entries { content.shards[Self.shard(of: entry.key)][entry.key] = entry.object }
      content.mark = mark
      content.bytes += growth
    }
  }

  func flush() {}

  func page(after key: [UInt8]?, limit: Int) -> [(key: [UInt8], object: StoredObject<Value>)] {
    content.withLock { content in
      var page: [(key: [UInt8], object: StoredObject<Value>)] = []
      for shard in (key.map { Self.shard(of: $0) } ?? 0)..<content.shards.count where page.count < limit {
        var objects = content.shards[shard].map { (key: $0.key, object: $0.value) }
        if let key { objects.removeAll { !isOrdered(key, before: $0.key) } }
        objects.sort { $0.key.lexicographicallyPrecedes($1.key) }
        page += objects.prefix(limit - page.count)
      }
      return page
    }
  }

  func isOrdered(_ first: [UInt8], before second: [UInt8]) -> Bool {
    let shards = (Self.shard(of: first), Self.shard(of: second))
    return shards.0 == shards.1 ? first.lexicographicallyPrecedes(second) : shards.0 < shards.1
  }

  private static func bytes(_ key: [UInt8], _ object: StoredObject<Value>?) -> Int {
    object.map { key.count + $0.byteCount + ViewLimits.objectOverhead } ?? 0
  }

  /// FNV-1a: the same in every process, so that a reader may go on behind a key after a restart.
  private static func shard(of key: [UInt8]) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int((hash ^ hash >> 32) & (1 << shardBits - 1))
  }
}
