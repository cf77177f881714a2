import PartitionEngine
import RocksDB
import Sequitur
import Synchronization

/// One partition's column family: its objects, and under the empty key the position they stand for.
///
/// The position is in the same column family and the same batch as the objects, so that any flush and any
/// crash leave both as they were at one moment (measured: with a second column family they part).
final class PartitionStore: ObjectStore, Sendable {
  private let database: Database
  private let family: ColumnFamily
  /// The changelog offset at which the last flush for its distance was begun.
  private let flushedOffset = Atomic<Int64>(-1)

  init(database: Database, family: ColumnFamily) {
    self.database = database
    self.family = family
  }

  func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool {
    do throws(RocksDBError) {
      guard let slice = try database.get(key, in: family) else { return false }
      record.append(slice.bytes)
      return true
    } catch {
      throw StoreFault("\(error)", isDamage: error.isDamage || error.isStale)
    }
  }

  /// What the store stands for; `nil` when it is empty.
  func position() throws -> RestoreMachine.StoredPosition? {
    guard let slice = try database.get(Self.positionKey, in: family) else { return nil }
    return try slice.withUnsafeBytes { bytes in
      guard bytes.count == 16 else {
        throw StoreFault(
          "Expected a position of 16 bytes in \(family.name), but found \(bytes.count)", isDamage: true)
      }
      let command = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self))
      return RestoreMachine.StoredPosition(
        changelogOffset: Int64(littleEndian: bytes.loadUnaligned(as: Int64.self)),
        commandPosition: command < 0 ? nil : command)
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
  func putPosition(
    changelogOffset: Int64, commandPosition: Int64?, in batch: inout WriteBatch
  ) throws(RocksDBError) {
    try Self.withEncodedPosition(
      changelogOffset: changelogOffset, commandPosition: commandPosition
    ) { bytes throws(RocksDBError) in
      try batch.put(Self.positionKey, bytes, in: family)
    }
  }

  /// The position as its entry holds it, for a table file made outside of the database.
  static func withEncodedPosition<Result>(
    changelogOffset: Int64, commandPosition: Int64?,
    _ body: (UnsafeRawBufferPointer) throws(RocksDBError) -> Result
  ) throws(RocksDBError) -> Result {
    let fields = (changelogOffset.littleEndian, (commandPosition ?? -1).littleEndian)
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
