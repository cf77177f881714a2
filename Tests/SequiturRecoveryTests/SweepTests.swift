import PartitionEngine
import RocksDB
import Sequitur
import Testing

@testable import SequiturWorker

/// How graves that are over leave a store.
struct SweepTests {
  private let directory: TemporaryDirectory
  private let database: Database
  private let store: PartitionStore

  init() throws {
    directory = try TemporaryDirectory()
    database = try Database(path: directory.path + "/store", columnFamilies: ["partition-0"])
    store = PartitionStore(
      database: database, family: try #require(database.columnFamily(named: "partition-0")))
  }

  /// Keys `k0000`… of which every third is an object, the others graves of the time of their number.
  private func fill(_ count: Int) throws {
    var batch = store.makeBatch()
    for number in 0..<count {
      var record = ByteWriter()
      let ids = [UInt8](repeating: 1, count: ObjectRecord.commandIDBytes)
      ids.withUnsafeBytes { ids in
        if number % 3 == 0 {
          ObjectRecord.append(to: &record, version: 1, commandIDs: ids)
        } else {
          ObjectRecord.appendGrave(to: &record, lastVersion: 2, forgottenAt: Int64(number), commandIDs: ids)
        }
      }
      try key(number).withUnsafeBytes { try store.put($0, record.bytes, in: &batch) }
    }
    try store.put(RestoreMachine.StoredPosition(changelogOffset: 7, commandPosition: 5), in: &batch)
    try store.write(&batch)
  }

  private func key(_ number: Int) -> [UInt8] { Array("k\(String(10_000 + number))".utf8) }

  private func has(_ number: Int) throws -> Bool {
    var record = ByteWriter()
    return try key(number).withUnsafeBytes { try store.read($0, into: &record) }
  }

  @Test func `graves that are over go, and objects, younger graves and the position stay`() throws {
    try fill(100)
    try store.sweep(gravesOverAt: 50, drained: 100)
    for number in 0..<100 {
      #expect(try has(number) == (number % 3 == 0 || number > 50), "\(number)")
    }
    #expect(try store.position()?.changelogOffset == 7)
  }

  @Test func `a look goes on where the last one ended, and begins again at the end`() throws {
    try fill(1_000)
    var rounds = 0
    while try (0..<1_000).contains(where: { try $0 % 3 != 0 && has($0) }) {
      try store.sweep(gravesOverAt: 1_000, drained: 0)
      rounds += 1
      try #require(rounds < 100)
    }
    // 64 entries each.
    #expect(rounds == 16)
    try fill(10)
    try store.sweep(gravesOverAt: 1_000, drained: 500)
    try store.sweep(gravesOverAt: 1_000, drained: 500)
    #expect(try !has(1) && has(0))
  }

  @Test func `a store with nothing in it is swept, too`() throws {
    try store.sweep(gravesOverAt: .max, drained: 10)
    try fill(1)
    try store.sweep(gravesOverAt: .max, drained: 0)
    #expect(try has(0))
  }
}
