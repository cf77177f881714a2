import PartitionEngine
import RocksDB
import Sequitur
import Synchronization

/// One partition's column family: its objects, and under the empty key the position they stand for.
///
/// The position is in the same column family and the same batch as the objects, so that any flush and any
/// crash leave both as they were at one moment (measured: with a second column family they part).
package final class PartitionStore: ObjectStore, Sendable {
  let database: Database
  let family: ColumnFamily
  /// Where the next look for graves begins.
  let sweepStart = Mutex<[UInt8]>(PartitionStore.firstKey)
  /// The changelog offset at which the last flush for its distance was begun.
  private let flushedOffset = Atomic<Int64>(-1)

  package init(database: Database, family: ColumnFamily) {
    self.database = database
    self.family = family
  }

  package func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool {
    do throws(RocksDBError) {
      guard let slice = try database.get(key, in: family) else { return false }
      record.append(slice.bytes)
      return true
    } catch {
      throw StoreFault("\(error)", isDamage: error.isDamage || error.isStale)
    }
  }

  /// What the store stands for; `nil` when it is empty.
  package func position() throws -> RestoreMachine.StoredPosition? {
    guard let slice = try database.get(Self.positionKey, in: family) else { return nil }
    return try slice.withUnsafeBytes { bytes in
      // Versions that knew no incarnations wrote two numbers.
      guard bytes.count == 32 || bytes.count == 16 else {
        throw StoreFault(
          "Expected a position of 32 bytes in \(family.name), but found \(bytes.count)", isDamage: true)
      }
      func number(_ index: Int) throws -> Int64? {
        guard index * 8 < bytes.count else { return nil }
        let number = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
        // -1 stands for none. The largest number is no offset: one is added to each.
        guard number >= -1, number < .max || index == 3 else {
          throw StoreFault(
            "Expected a position in \(family.name), but found the number \(number)", isDamage: true)
        }
        return number == -1 ? nil : number
      }
      return try RestoreMachine.StoredPosition(
        changelogOffset: number(0) ?? 0, commandPosition: number(1), checkpointOffset: number(2),
        incarnation: number(3))
    }
  }

  /// An empty batch for this partition.
  func makeBatch() -> WriteBatch { WriteBatch(for: database) }

  /// Adds an object (`nil`: deletes it) to a batch.
  func put(
    _ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?, in batch: inout WriteBatch
  ) throws(RocksDBError) {
    if let record {
      try batch.put(key, record, in: family)
    } else {
      try batch.delete(key, in: family)
    }
  }

  /// Adds the position that the batch leads to.
  func put(
    _ position: RestoreMachine.StoredPosition, in batch: inout WriteBatch
  ) throws(RocksDBError) {
    try Self.withEncoded(position) { bytes throws(RocksDBError) in
      try batch.put(Self.positionKey, bytes, in: family)
    }
  }

  /// The position as its entry holds it, for a table file made outside of the database.
  static func withEncoded<Result>(
    _ position: RestoreMachine.StoredPosition,
    _ body: (UnsafeRawBufferPointer) throws(RocksDBError) -> Result
  ) throws(RocksDBError) -> Result {
    let fields = (
      position.changelogOffset.littleEndian, (position.commandPosition ?? -1).littleEndian,
      (position.checkpointOffset ?? -1).littleEndian, (position.incarnation ?? -1).littleEndian
    )
    return try withUnsafeBytes(of: fields) { bytes throws(RocksDBError) in try body(bytes) }
  }

  /// Adds a table file, which holds a position as well; the file is moved.
  func ingest(_ path: String) throws(RocksDBError) {
    try database.ingest([path], into: family, movingFiles: true)
  }

  func write(_ batch: inout WriteBatch) throws(RocksDBError) { try database.write(&batch) }

  /// The store stands for a changelog offset: flushes when that is far from the last flush's, since a restart
  /// after a crash reads all between. Bytes would be no measure: an object that changes often is written once.
  func noteDrained(to offset: Int64) {
    let last = flushedOffset.load(ordering: .relaxed)
    guard last < 0 || offset - last >= RestoreLimits.replayRecordsMax else { return }
    flushedOffset.store(offset, ordering: .relaxed)
    // A failure shows in later writes.
    if last >= 0 { try? flush(wait: false) }
  }

  /// Writes what is in memory to the disk, so that a crash replays nothing older.
  func flush(wait: Bool) throws(RocksDBError) { try database.flush(family, wait: wait) }

  private static var positionKey: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}
