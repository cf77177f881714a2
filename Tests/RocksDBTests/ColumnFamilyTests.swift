import RocksDB
import Testing

@Suite struct ColumnFamilyTests {
  let folder = TemporaryFolder()

  @Test
  func `column families are created, kept apart and found again by a reopen that names none`() throws {
    do {
      let database = try Database(path: folder.database, columnFamilies: ["one", "one"])
      let one = try #require(database.columnFamily(named: "one"))
      let two = try database.createColumnFamily(named: "two")
      #expect(one.id != two.id)
      try database.put("key", "1", in: one)
      try database.put("key", "2", in: two)
      #expect(try database.text("key", in: database.defaultFamily()) == nil)
    }
    #expect(try Set(Database.columnFamilyNames(path: folder.database)) == ["default", "one", "two"])
    let database = try Database(path: folder.database)
    #expect(database.columnFamilyNames == ["default", "one", "two"])
    #expect(database.columnFamily(named: "three") == nil)
    #expect(try database.text("key", in: #require(database.columnFamily(named: "one"))) == "1")
    #expect(try database.text("key", in: #require(database.columnFamily(named: "two"))) == "2")
  }

  @Test func `a column family that exists is not created twice`() throws {
    let database = try Database(path: folder.database, columnFamilies: ["one"])
    let error = try rocksDBError { _ = try database.createColumnFamily(named: "one") }
    #expect(error.code == .invalidArgument)
    let text = error.description
    #expect(text.hasPrefix("Expected to create the column family one at \(folder.database), but "))
  }

  @Test func `the default column family cannot be dropped`() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    let error = try rocksDBError { try database.dropColumnFamily(family) }
    #expect(error.code == .invalidArgument)
    try database.put("still", "here", in: family)
  }

  @Test func `every use of a dropped column family is refused`() throws {
    let database = try Database(path: folder.database, columnFamilies: ["one"])
    let family = try #require(database.columnFamily(named: "one"))
    try database.put("a", "1", in: family)
    var before = WriteBatch(for: database)
    try before.put("b", "1", in: family)
    try database.dropColumnFamily(family)
    #expect(database.columnFamily(named: "one") == nil)
    func refused(_ body: () throws -> Void) throws {
      #expect(try rocksDBError(body).code == .columnFamilyDropped)
    }
    try refused { _ = try database.text("a", in: family) }
    try refused { try database.put("a", "2", in: family) }
    try refused { _ = try database.entries(in: family) }
    try refused { try database.withValues(of: [], in: family) { _, _ in } }
    try refused { try database.flush(family) }
    try refused { try database.compactRange(family) }
    try refused { try database.ingest([], into: family) }
    try refused { _ = try database.property("rocksdb.stats", in: family) }
    try refused { try database.dropColumnFamily(family) }
    let late = try rocksDBError { try database.write(&before) }
    #expect(late.code == .invalidArgument)
  }

  @Test func `a name may be used again after a drop, and begins empty`() throws {
    let database = try Database(path: folder.database, columnFamilies: ["one"])
    let old = try #require(database.columnFamily(named: "one"))
    try database.put("a", "1", in: old)
    try database.flush(old)
    try database.dropColumnFamily(old)
    let new = try database.createColumnFamily(named: "one")
    #expect(new.id > old.id)
    #expect(try database.entries(in: new).isEmpty)
    #expect(database.columnFamily(named: "one") === new)
  }

  @Test func `an iterator goes on over a column family that is dropped under it`() throws {
    let database = try Database(path: folder.database, columnFamilies: ["one"])
    let family = try #require(database.columnFamily(named: "one"))
    for key in ["a", "b"] { try database.put(key, "1", in: family) }
    var iterator = try database.iterator(in: family)
    try database.dropColumnFamily(family)
    try iterator.seekToFirst()
    try iterator.next()
    #expect(iterator.withEntry { key, _ in Array(key) } == Array("b".utf8))
  }

  @Test func `a column family of another database traps`() async {
    let path = folder.path
    await #expect(processExitsWith: .failure) { [path = path as String] in
      let one = try Database(path: path + "/one")
      let two = try Database(path: path + "/two")
      _ = try one.text("a", in: two.defaultFamily())
    }
  }
}
