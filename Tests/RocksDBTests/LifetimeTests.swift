import RocksDB
import Testing

@Suite struct LifetimeTests {
  let folder = TemporaryFolder()

  @Test func `closing twice is one close, and every later call is refused`() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    var batch = WriteBatch(for: database)
    try batch.put("a", "1", in: family)
    database.close()
    database.close()
    func refused(_ body: () throws -> Void) throws {
      let error = try rocksDBError(body)
      #expect(error.code == .closed)
      #expect(error.path == folder.database)
    }
    try refused { try database.write(&batch) }
    try refused { try batch.put("a", "1", in: family) }
    try refused { _ = try database.text("a", in: family) }
    try refused { _ = try database.snapshot() }
    try refused { _ = try database.memoryUsage() }
    try refused { _ = try database.createColumnFamily(named: "new") }
    try refused { try database.dropColumnFamily(family) }
    try refused { try database.checkpoint(to: folder.path + "/copy") }
    try refused { try database.cancelAllBackgroundWork(wait: true) }
    #expect(database.columnFamilyNames.isEmpty)
    #expect(database.columnFamily(named: "default") == nil)
  }

  @Test func `closing waits for nobody, and the last child releases the lock`() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    try database.put("a", "1", in: family)
    var iterator: DatabaseIterator? = try database.iterator(in: family)
    var snapshot: Snapshot? = try database.snapshot()
    database.close()
    try iterator?.seekToFirst()
    #expect(iterator?.withEntry { _, value in Array(value) } == Array("1".utf8))
    #expect(snapshot != nil)
    #expect(try rocksDBError { _ = try Database(path: folder.database) }.isLockHeld)
    iterator = nil
    #expect(try rocksDBError { _ = try Database(path: folder.database) }.isLockHeld)
    snapshot = nil
    let again = try Database(path: folder.database)
    #expect(try again.text("a", in: again.defaultFamily()) == "1")
  }

  @Test func `the last reference closes, whatever column families are still held`() throws {
    var family: ColumnFamily?
    do {
      let database = try Database(path: folder.database)
      family = try database.defaultFamily()
    }
    let again = try Database(path: folder.database)
    #expect(try again.text("a", in: again.defaultFamily()) == nil)
    #expect(family?.name == "default")
  }

  @Test func `closing while other threads read and write destroys nothing in use`() async throws {
    for _ in 0..<20 {
      let database = try Database(path: folder.database)
      let family = try database.defaultFamily()
      await withTaskGroup(of: Void.self) { group in
        for worker in 0..<3 {
          group.addTask {
            do {
              while true {
                try database.put("\(worker)", "value", in: family)
                #expect(try database.text("\(worker)", in: family) == "value")
                await Task.yield()
              }
            } catch {
              #expect((error as? RocksDBError)?.code == .closed)
            }
          }
        }
        group.addTask { database.close() }
      }
    }
  }

  @Test func `after background work is cancelled reads go on and flushes are refused`() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    try database.put("a", "1", in: family)
    try database.cancelAllBackgroundWork(wait: true)
    #expect(try database.text("a", in: family) == "1")
    try database.put("b", "1", in: family)
    #expect(try rocksDBError { try database.flush(family) }.code == .shuttingDown)
  }
}
