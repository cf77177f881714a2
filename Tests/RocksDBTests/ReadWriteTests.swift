import Foundation
import RocksDB
import Testing

@Suite struct ReadWriteTests {
  let folder = TemporaryFolder()

  @Test(arguments: [DatabaseOptions.Memtable.skipList, .hashSkipList(buckets: 1024)])
  func `what is put is read back, empty keys and empty values too`(
    memtable: DatabaseOptions.Memtable
  ) throws {
    var options = DatabaseOptions()
    options.memtable = memtable
    let database = try Database(path: folder.database, options: options)
    let family = try database.defaultFamily()
    try database.put("", "empty key", in: family)
    try database.put("b", "", in: family)
    try database.put("a", "1", in: family)
    for _ in 1...2 {
      #expect(try database.text("", in: family) == "empty key")
      #expect(try database.text("b", in: family) == "")
      #expect(try database.text("c", in: family) == nil)
      #expect(try database.entries(in: family) == ["=empty key", "a=1", "b="])
      #expect(try database.entries(in: family, from: "aa") == ["b="])
      try database.flush(family)
    }
  }

  @Test(arguments: DatabaseOptions.Compression.allCases)
  func `a value of many megabytes survives a reopen under every compression`(
    compression: DatabaseOptions.Compression
  ) throws {
    var options = DatabaseOptions()
    options.compression = compression
    let value = String(repeating: "0123456789abcdef", count: 1 << 20)
    do {
      let database = try Database(path: folder.database, options: options)
      try database.put("big", value, in: database.defaultFamily())
    }
    let database = try Database(path: folder.database, options: options)
    #expect(try database.text("big", in: database.defaultFamily()) == value)
  }

  @Test func `a batch applies its changes in order and all at once`() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    for key in ["a", "b", "c", "d"] { try database.put(key, "old", in: family) }
    var batch = WriteBatch(for: database)
    #expect((batch.isEmpty, batch.byteCount) == (true, 12))
    try batch.put("e", "1", in: family)
    try batch.put("e", "2", in: family)
    try batch.delete("a", in: family)
    try withBytes("b") { b in try withBytes("d") { d in try batch.deleteRange(from: b, to: d, in: family) } }
    #expect((batch.count, batch.isEmpty) == (4, false))
    #expect(try database.entries(in: family).count == 4)
    try database.write(&batch)
    #expect(try database.entries(in: family) == ["d=old", "e=2"])
    batch.clear()
    #expect((batch.isEmpty, batch.byteCount) == (true, 12))
  }

  @Test func `a batch may be moved to another thread and written there`() async throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    func write(_ batch: consuming WriteBatch) async throws {
      var batch = batch
      try database.write(&batch)
    }
    var batch = WriteBatch(for: database)
    try batch.put("a", "1", in: family)
    try await write(batch)
    #expect(try database.text("a", in: family) == "1")
  }

  @Test func `a range whose end is before its start is refused when written`() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    var batch = WriteBatch(for: database)
    try withBytes("b") { b in try withBytes("a") { a in try batch.deleteRange(from: b, to: a, in: family) } }
    let error = try rocksDBError { try database.write(&batch) }
    #expect(error.code == .invalidArgument)
  }

  @Test func `a pinned slice keeps its bytes when the key is overwritten and compacted away`() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    try database.put("a", "before", in: family)
    try database.flush(family)
    let slice = try withBytes("a") { try database.get($0, in: family) }
    try database.put("a", "after", in: family)
    try database.flush(family)
    try database.compactRange(family)
    switch consume slice {
    case .some(let slice):
      #expect((slice.count, slice.bytes.byteCount) == (6, 6))
      #expect(slice.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == "before")
      let first = slice.bytes.unsafeLoad(as: UInt8.self)
      #expect(first == UInt8(ascii: "b"))
    case .none: Issue.record("no value")
    }
    #expect(try database.text("a", in: family) == "after")
  }

  @Test(arguments: [false, true])
  func `many keys are read in the order asked for`(flushed: Bool) throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    for key in ["", "a", "b"] { try database.put(key, "value of \(key)", in: family) }
    if flushed { try database.flush(family) }
    let bytes = Array("ba".utf8)
    var found: [String?] = []
    try bytes.withUnsafeBytes { bytes in
      let absent = UnsafeRawBufferPointer(rebasing: bytes[0..<2])
      let b = UnsafeRawBufferPointer(rebasing: bytes[0..<1])
      let a = UnsafeRawBufferPointer(rebasing: bytes[1..<2])
      let empty = UnsafeRawBufferPointer(start: nil, count: 0)
      try database.withValues(of: [b, absent, a, empty], in: family) { index, value in
        #expect(index == found.count)
        found.append(value.map { String(decoding: $0, as: UTF8.self) })
      }
    }
    #expect(found == ["value of b", nil, "value of a", "value of "])
    try database.withValues(of: [], in: family) { _, _ in Issue.record("no key was asked for") }
  }

  @Test func `an iterator shows its snapshot while others write`() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    try database.put("a", "1", in: family)
    var options = DatabaseIterator.Options()
    options.snapshot = try database.snapshot()
    options.readaheadBytes = 1 << 20
    options.fillsCache = false
    try database.put("a", "2", in: family)
    try database.put("b", "2", in: family)
    #expect(try database.entries(in: family, options: options) == ["a=1"])
    #expect(try database.entries(in: family) == ["a=2", "b=2"])
  }

  @Test func `an iterator yields keys in the order of their unsigned bytes`() throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    let keys: [[UInt8]] = [[255], [0], [], [127, 1], [128], [127]]
    var batch = WriteBatch(for: database)
    for key in keys {
      try key.withUnsafeBytes { try batch.put($0, $0, in: family) }
    }
    try database.write(&batch)
    var iterator = try database.iterator(in: family)
    let isValidAtFirst = iterator.isValid
    #expect(!isValidAtFirst)
    try iterator.seekToFirst()
    var seen: [[UInt8]] = []
    while iterator.isValid {
      let count = iterator.key.byteCount
      #expect(iterator.value.byteCount == count)
      seen.append(iterator.withEntry { key, _ in Array(key) })
      try iterator.next()
    }
    #expect(seen == [[], [0], [127], [127, 1], [128], [255]])
  }

  @Test func `several threads read and write at once`() async throws {
    let database = try Database(path: folder.database)
    let family = try database.defaultFamily()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          for number in 0..<200 {
            try database.put("\(worker)-\(number)", "\(number)", in: family)
            #expect(try database.text("\(worker)-\(number)", in: family) == "\(number)")
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try database.entries(in: family).count == 800)
  }
}
