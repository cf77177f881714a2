import Foundation
import RocksDB
import Testing

@Suite struct DurabilityTests {
  let folder = TemporaryFolder()

  @Test func `a flushed batch without a log is there after a reopen`() throws {
    do {
      let database = try Database(path: folder.database, columnFamilies: ["one"])
      let one = try #require(database.columnFamily(named: "one"))
      var batch = WriteBatch(for: database)
      for number in 0..<100 { try batch.put("\(number)", "value", in: one) }
      try database.write(&batch)
      try database.flush(one)
    }
    let database = try Database(path: folder.database)
    #expect(try database.entries(in: #require(database.columnFamily(named: "one"))).count == 100)
  }

  @Test func `closing flushes what was written without a log`() throws {
    do {
      let database = try Database(path: folder.database)
      try database.put("a", "1", in: database.defaultFamily())
    }
    let database = try Database(path: folder.database)
    #expect(try database.text("a", in: database.defaultFamily()) == "1")
  }

  @Test func `a killed process loses unflushed memtables and keeps what is in the log`() async throws {
    let path = folder.database
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let database = try Database(path: path, columnFamilies: ["memory", "log", "synced"])
      for (name, options) in [("memory", WriteOptions.walDisabled), ("log", .wal), ("synced", .walSynced)] {
        let family = try #require(database.columnFamily(named: name))
        try database.put("flushed", "1", in: family, options: options)
        try database.flush(family)
        try database.put("later", "1", in: family, options: options)
      }
      kill(getpid(), SIGKILL)
    }
    let database = try Database(path: path)
    func entries(_ name: String) throws -> [String] {
      try database.entries(in: #require(database.columnFamily(named: name)))
    }
    #expect(try entries("memory") == ["flushed=1"])
    #expect(try entries("log") == ["flushed=1", "later=1"])
    #expect(try entries("synced") == ["flushed=1", "later=1"])
  }

  @Test(arguments: [DatabaseOptions.Memtable.skipList, .hashSkipList(buckets: 256)], [20, 90, 250])
  func `after a kill at any moment the position agrees with the data of its column family`(
    memtable: DatabaseOptions.Memtable, milliseconds: Int
  ) async throws {
    let path = folder.database
    let isHashed = memtable != .skipList
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String, isHashed = isHashed as Bool, milliseconds = milliseconds as Int] in
      try writeUntilKilled(path: path, isHashed: isHashed, after: milliseconds)
    }
    var options = DatabaseOptions()
    options.createIfMissing = false
    options.memtable = memtable
    let database = try Database(path: path, options: options)
    for name in database.columnFamilyNames where name != "default" {
      let family = try #require(database.columnFamily(named: name))
      // Batch n sets key n % 500 to n, and the position to n.
      let position = try Int(database.text("", in: family) ?? "0") ?? 0
      for slot in 0..<500 {
        let expected = slot == 0 ? position / 500 * 500 : (position - slot) / 500 * 500 + slot
        let value = try database.text("key-\(slot)", in: family).flatMap { Int($0.prefix { $0 != " " }) }
        #expect(value == (position >= slot && expected > 0 ? expected : nil), "key \(slot) at \(position)")
      }
    }
  }

  @Test func `a checkpoint opens as a database of its own with what was not flushed`() throws {
    let database = try Database(path: folder.database, columnFamilies: ["one"])
    let one = try #require(database.columnFamily(named: "one"))
    try database.put("a", "1", in: one)
    let copy = folder.path + "/copy"
    try database.checkpoint(to: copy)
    try database.put("a", "2", in: one)
    let checkpoint = try Database(path: copy)
    #expect(try checkpoint.text("a", in: #require(checkpoint.columnFamily(named: "one"))) == "1")
    let error = try rocksDBError { try database.checkpoint(to: copy) }
    #expect(error.code == .invalidArgument)
    #expect(error.path == copy)
  }

  @Test(arguments: [false, true])
  func `table files written outside are ingested and replace older values`(moving: Bool) throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    try database.put("a", "old", in: family)
    try database.put("z", "old", in: family)
    let file = folder.path + "/table.sst"
    var writer = try SSTFileWriter(path: file)
    for key in ["", "a", "b"] {
      try withBytes(key) { key in try withBytes("new") { try writer.put(key, $0) } }
    }
    #expect(
      try withBytes("a") { key in try rocksDBError { try writer.put(key, key) } }.code == .invalidArgument)
    #expect(try writer.finish() > 0)
    try database.ingest([file], into: family, movingFiles: moving)
    #expect(try database.entries(in: family) == ["=new", "a=new", "b=new", "z=old"])
  }

  @Test func `a table file without entries, without a folder or with rubbish is refused`() throws {
    let empty = try SSTFileWriter(path: folder.path + "/empty.sst")
    do {
      _ = try empty.finish()
      Issue.record("an empty file was finished")
    } catch {
      #expect(error.code == .invalidArgument)
    }
    let nowhere = folder.path + "/nowhere/table.sst"
    #expect(try rocksDBError { _ = try SSTFileWriter(path: nowhere) }.code == .ioError)
    let database = try Database(path: folder.database)
    let rubbish = folder.path + "/rubbish.sst"
    try Data(repeating: 7, count: 4096).write(to: URL(filePath: rubbish))
    let family = try database.defaultFamily()
    #expect(try rocksDBError { try database.ingest([rubbish], into: family) }.isCorruption)
    #expect(try rocksDBError { try database.ingest([nowhere], into: family) }.code == .ioError)
  }
}

/// Writes batches into two column families with tiny memtables, until SIGKILL ends the process.
func writeUntilKilled(path: String, isHashed: Bool, after milliseconds: Int) throws {
  var options = DatabaseOptions()
  options.writeBufferBytes = 64 << 10
  options.memtable = isHashed ? .hashSkipList(buckets: 256) : .skipList
  let database = try Database(path: path, options: options, columnFamilies: ["one", "two"])
  let families = try ["one", "two"].map { try #require(database.columnFamily(named: $0)) }
  DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
    kill(getpid(), SIGKILL)
  }
  let padding = String(repeating: "x", count: 100)
  for number in 1... {
    for family in families {
      var batch = WriteBatch(for: database)
      try batch.put("key-\(number % 500)", "\(number) \(padding)", in: family)
      try batch.put("", "\(number)", in: family)
      try database.write(&batch)
    }
  }
}
