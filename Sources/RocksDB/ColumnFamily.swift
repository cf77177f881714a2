internal import CRocksDB
internal import Synchronization

/// A column family of an open ``Database``: a key space with its own memtable and files.
///
/// Get one from ``Database/columnFamily(named:)`` or ``Database/createColumnFamily(named:)``, and
/// keep it: it stays valid until it is dropped or the database is closed. After that, every use
/// throws ``RocksDBError/Code/columnFamilyDropped`` or ``RocksDBError/Code/closed``.
///
/// Using it with another database than its own is a programmer error and traps.
/// Thread rule: any thread. C: `rocksdb_column_family_handle_t`.
///
/// `@unchecked`: the handle is only ever an argument of DB functions, which db.h calls "safe for
/// concurrent access from multiple threads"; its pointer never changes, and the gate guards its end.
public final class ColumnFamily: @unchecked Sendable {
  /// The name it was created under.
  public let name: String
  /// RocksDB's number for it: unique within the database, never used again after a drop.
  public let id: UInt32
  let pointer: OpaquePointer
  let database: DatabaseHandle
  private let gate = UseGate()
  private let isDropped = Atomic(false)

  /// Takes the C handle over, and the use of `database` that the caller entered for it.
  init(name: String, pointer: OpaquePointer, database: DatabaseHandle) {
    self.name = name
    self.pointer = pointer
    self.database = database
    id = rocksdb_column_family_handle_get_id(pointer)
  }

  /// Keeps the handle, and so the database, alive until ``leave()``.
  @inline(__always)
  func enter(_ operation: @autoclosure () -> String) throws(RocksDBError) {
    guard gate.enter() else { throw refusal(operation()) }
  }

  @inline(__always)
  func leave() {
    if gate.leave() { destroy() }
  }

  /// Refuses new uses; the last user destroys. RocksDB then deletes the files of a dropped one.
  func close(dropped: Bool) {
    if dropped { isDropped.store(true, ordering: .relaxed) }
    if gate.close() { destroy() }
  }

  private func destroy() {
    rocksdb_column_family_handle_destroy(pointer)
    database.leave()
  }

  private func refusal(_ operation: String) -> RocksDBError {
    guard isDropped.load(ordering: .relaxed) else { return database.closedError(operation) }
    return RocksDBError(
      code: .columnFamilyDropped, operation: operation, path: database.path,
      detail: "the column family \(name) was dropped")
  }
}
