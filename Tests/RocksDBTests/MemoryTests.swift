import RocksDB
import Testing

@Suite struct MemoryTests {
  let folder = TemporaryFolder()

  @Test(.timeLimit(.minutes(1)))
  func `memtables of many column families together fall back to their limit by themselves`() async throws {
    var options = DatabaseOptions()
    options.memtableBytesTotal = 4 << 20
    options.writeBufferBytes = 4 << 20
    options.blockCacheBytes = 1 << 20
    let names = (0..<16).map { "family \($0)" }
    let database = try Database(path: folder.database, options: options, columnFamilies: names)
    let families = try names.map { try #require(database.columnFamily(named: $0)) }
    let value = String(repeating: "v", count: 1000)
    // Each family stays below its own limit, so only the common one can set off these flushes.
    for number in 0..<40_000 {
      try database.put("\(number)", value, in: families[number % families.count])
      if number % 100 != 0 { continue }
      // The limit is soft: a writer that must not exceed it has to wait, as here.
      while try database.memoryUsage().memtableBytes > options.memtableBytesTotal * 2 { await Task.yield() }
    }
    for family in families { _ = try database.entries(in: family) }
    let usage = try database.memoryUsage()
    #expect(usage.blockCacheBytes < 3 << 20, "\(usage)")
    #expect(usage.pinnedBlockCacheBytes <= usage.blockCacheBytes)
    #expect(usage.totalBytes >= usage.blockCacheBytes)
  }

  @Test func `properties are read as text and as numbers`() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    for key in ["a", "b", "c"] { try database.put(key, "1", in: family) }
    #expect(try database.intProperty("rocksdb.estimate-num-keys", in: family) == 3)
    #expect(try database.property("rocksdb.num-files-at-level0", in: family) == "0")
    #expect(try database.property("rocksdb.no-such-property", in: family) == nil)
    #expect(try database.intProperty("rocksdb.stats", in: family) == nil)
  }
}
