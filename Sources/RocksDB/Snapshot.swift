internal import CRocksDB

/// The state of a ``Database`` at one moment, to iterate over while others write.
///
/// It is released with its last reference; until then RocksDB keeps what it shows, on disk too,
/// and the database is not destroyed.
/// Thread rule: any thread. C: `rocksdb_create_snapshot`, `rocksdb_release_snapshot`.
///
/// `@unchecked`: snapshot.h: "A Snapshot is an immutable object and can therefore be safely accessed
/// from multiple threads without any external synchronization."
public final class Snapshot: @unchecked Sendable {
  let pointer: OpaquePointer
  let database: DatabaseHandle

  init(of database: DatabaseHandle) throws(RocksDBError) {
    let operation = "take a snapshot"
    try database.enter(operation)
    guard let pointer = rocksdb_create_snapshot(database.pointer) else {
      database.leave()
      throw RocksDBError(
        code: .other, operation: operation, path: database.path,
        detail: "RocksDB does not support one in this configuration")
    }
    self.pointer = pointer
    self.database = database
  }

  deinit {
    rocksdb_release_snapshot(database.pointer, pointer)
    database.leave()
  }
}
