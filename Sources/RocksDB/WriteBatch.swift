internal import CRocksDB

/// Changes that a ``Database`` applies together, in the order in which they were added.
///
/// Bytes are copied in, so they need to live only for the length of a call. A batch may be written
/// more than once, and reused after ``clear()``, which keeps its memory.
///
/// Limits: a key and a value of less than 4 GiB each; more throws `invalidArgument`.
/// Every adding call throws `columnFamilyDropped` or `closed` and then adds nothing.
/// Thread rule: one thread at a time; it may be moved to another. C: `rocksdb_writebatch_t`.
///
/// `@unchecked`: write_batch.h asks for external synchronization as soon as a thread changes the
/// batch; there is one owner, and what changes it (adding, clearing, and writing, which numbers
/// it) needs exclusive access to that owner.
public struct WriteBatch: ~Copyable, @unchecked Sendable {
  let pointer: OpaquePointer
  let database: DatabaseHandle

  /// Creates an empty batch for `database`, which it does not keep open. C: `rocksdb_writebatch_create`.
  public init(for database: Database) {
    self.database = database.handle
    pointer = rocksdb_writebatch_create()
  }

  deinit { rocksdb_writebatch_destroy(pointer) }

  /// Number of changes added since the last ``clear()``. C: `rocksdb_writebatch_count`.
  public var count: Int { Int(rocksdb_writebatch_count(pointer)) }

  /// Whether there is nothing to write.
  public var isEmpty: Bool { count == 0 }

  /// Bytes of the encoded batch, 12 of which are its header. C: `rocksdb_writebatch_data`.
  public var byteCount: Int {
    var size = 0
    _ = rocksdb_writebatch_data(pointer, &size)
    return size
  }

  /// Adds "`key` is `value` from here on". Both may be empty. C: `rocksdb_writebatch_put_cf`.
  public mutating func put(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, in family: ColumnFamily
  ) throws(RocksDBError) {
    let pointer = pointer
    try add(key, value, family) {
      rocksdb_writebatch_put_cf(pointer, $0, key.cBytes, key.count, value.cBytes, value.count)
    }
  }

  /// Adds "`key` is absent from here on", whether or not it exists. C: `rocksdb_writebatch_delete_cf`.
  public mutating func delete(
    _ key: UnsafeRawBufferPointer, in family: ColumnFamily
  ) throws(RocksDBError) {
    let pointer = pointer
    try add(key, nil, family) { rocksdb_writebatch_delete_cf(pointer, $0, key.cBytes, key.count) }
  }

  /// Adds "every key from `start` up to but not `end` is absent". C: `rocksdb_writebatch_delete_range_cf`.
  ///
  /// An `end` before `start` makes ``Database/write(_:options:)`` throw `invalidArgument`.
  public mutating func deleteRange(
    from start: UnsafeRawBufferPointer, to end: UnsafeRawBufferPointer, in family: ColumnFamily
  ) throws(RocksDBError) {
    let pointer = pointer
    try add(start, end, family) {
      rocksdb_writebatch_delete_range_cf(pointer, $0, start.cBytes, start.count, end.cBytes, end.count)
    }
  }

  /// Forgets all changes and keeps the memory. C: `rocksdb_writebatch_clear`.
  public mutating func clear() {
    rocksdb_writebatch_clear(pointer)
  }

  /// The C functions drop the status of an oversized entry, which would lose it silently.
  @inline(__always)
  private borrowing func add(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?, _ family: ColumnFamily,
    _ call: (OpaquePointer) -> Void
  ) throws(RocksDBError) {
    precondition(family.database === database, "the column family belongs to another database")
    guard key.count < Int(UInt32.max), (value?.count ?? 0) < Int(UInt32.max) else {
      throw RocksDBError(
        code: .invalidArgument, operation: "add to a write batch", path: database.path,
        detail: "the key has \(key.count) bytes and the value \(value?.count ?? 0)")
    }
    try family.enter("add to a write batch")
    call(family.pointer)
    family.leave()
  }
}
