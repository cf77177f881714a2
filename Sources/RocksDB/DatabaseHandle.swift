internal import CRocksDB
internal import Synchronization

/// Owns `rocksdb_t`, and with it the registry of column families.
///
/// Every ``ColumnFamily`` and ``Snapshot`` is one use of ``gate``; iterators and pinned slices
/// are uses of their column family. The last one to leave a closed gate destroys, children first,
/// as db.h, `DB::Open`, asks: close all column families before deleting the DB.
///
/// `@unchecked`: db.h, class DB: "A DB is safe for concurrent access from multiple threads without
/// any external synchronization." The pointers never change, and the gate guards their end.
final class DatabaseHandle: @unchecked Sendable {
  let path: String
  let gate = UseGate()
  let pointer: OpaquePointer
  /// Shared by every plain read; constant after creation.
  let readOptions: OpaquePointer
  let options: OptionsHandle
  private let registry: Mutex<Registry>

  private struct Registry {
    var families: [String: ColumnFamily] = [:]
    var isClosed = false
  }

  /// Opens with exactly the column families in `names`, creating those that are missing.
  init(path: String, options: consuming OptionsHandle, names: [String]) throws(RocksDBError) {
    let options = options
    var families = [OpaquePointer?](repeating: nil, count: names.count)
    let familyOptions = [OpaquePointer?](repeating: options.options, count: names.count)
    let database = try withCStrings(names) { (names) throws(RocksDBError) -> OpaquePointer? in
      try checked("open the database", path) {
        rocksdb_open_column_families(
          options.options, path, Int32(names.count), names, familyOptions, &families, $0)
      }
    }
    guard let database else { preconditionFailure("no database and no error") }
    self.path = path
    self.options = options
    pointer = database
    readOptions = rocksdb_readoptions_create()
    registry = Mutex(Registry())
    for (name, family) in zip(names, families) {
      guard let family else { preconditionFailure("no column family and no error") }
      adopt(family, named: name)
    }
  }

  /// Makes the owner of a C column family; to be called before the gate closes.
  private func makeFamily(_ family: OpaquePointer, named name: String) -> ColumnFamily {
    let entered = gate.enter()
    precondition(entered, "a column family is adopted after the close")
    return ColumnFamily(name: name, pointer: family, database: self)
  }

  private func adopt(_ family: OpaquePointer, named name: String) {
    let family = makeFamily(family, named: name)
    registry.withLock { $0.families[name] = family }
  }

  func family(named name: String) -> ColumnFamily? {
    registry.withLock { $0.families[name] }
  }

  var familyNames: [String] {
    registry.withLock { $0.families.keys.sorted() }
  }

  func createFamily(named name: String) throws(RocksDBError) -> ColumnFamily {
    let operation = "create the column family \(name)"
    return try registry.withLock { registry throws(RocksDBError) -> ColumnFamily in
      guard !registry.isClosed else { throw closedError(operation) }
      let created = try checked(operation, path) {
        rocksdb_create_column_family(pointer, options.options, name, $0)
      }
      guard let created else { preconditionFailure("no column family and no error") }
      let family = makeFamily(created, named: name)
      registry.families[name] = family
      return family
    }
  }

  func dropFamily(_ family: ColumnFamily) throws(RocksDBError) {
    let operation = "drop the column family \(family.name)"
    try registry.withLock { registry throws(RocksDBError) -> Void in
      guard !registry.isClosed else { throw closedError(operation) }
      try family.enter(operation)
      defer { family.leave() }
      try checked(operation, path) { rocksdb_drop_column_family(pointer, family.pointer, $0) }
      registry.families[family.name] = nil
      family.close(dropped: true)
    }
  }

  @inline(__always)
  func enter(_ operation: @autoclosure () -> String) throws(RocksDBError) {
    guard gate.enter() else { throw closedError(operation()) }
  }

  @inline(__always)
  func leave() {
    if gate.leave() { destroy() }
  }

  /// Refuses new uses and destroys as soon as the last child is gone. Idempotent.
  func close() {
    let families = registry.withLock { registry in
      registry.isClosed = true
      defer { registry.families = [:] }
      return Array(registry.families.values)
    }
    for family in families { family.close(dropped: false) }
    if gate.close() { destroy() }
  }

  private func destroy() {
    rocksdb_readoptions_destroy(readOptions)
    rocksdb_close(pointer)
  }

  func closedError(_ operation: String) -> RocksDBError {
    RocksDBError(code: .closed, operation: operation, path: path, detail: "the database is closed")
  }
}
