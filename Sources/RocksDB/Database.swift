internal import CRocksDB

/// An open RocksDB database: column families of ordered keys and values, all of them bytes.
///
///     let database = try Database(path: folder, columnFamilies: ["accounts"])
///     guard let accounts = database.columnFamily(named: "accounts") else { return }
///     var batch = WriteBatch(for: database)
///     try batch.put(key, value, in: accounts)
///     try database.write(&batch)
///     try database.withValue(of: key, in: accounts) { bytes in … }
///
/// **One handle per directory.** RocksDB locks it; a second open, by this or any other process,
/// throws an error with ``RocksDBError/isLockHeld``.
///
/// **Closing.** ``close()`` or the last reference refuses further calls at once; the C handle is
/// destroyed, and the lock released, as soon as no call, iterator, snapshot or pinned slice uses
/// it any more. Unflushed memtables are flushed then.
///
/// **Thread rule.** Any thread, at the same time. All calls block, some on the disk or on a write
/// stall: keep them off Swift's cooperative pool where that matters. C: `rocksdb_t`.
public final class Database: Sendable {
  /// Name of the column family that every database has.
  public static let defaultColumnFamilyName = "default"

  let handle: DatabaseHandle

  /// Opens the database in the directory `path`. C: `rocksdb_open_column_families`.
  ///
  /// Opens every column family that exists, and creates those of `columnFamilies` that do not.
  /// The directory is created if need be, its parents are not.
  ///
  /// Throws
  /// - `lockHeld`: it is open already;
  /// - `corruption`: files are damaged or missing, `CURRENT` included: RocksDB itself would begin
  ///   an empty database beside the old files;
  /// - `ioError`: no permission, `path` is a file, or the database is absent and
  ///   ``DatabaseOptions/createIfMissing`` is off;
  /// - `invalidArgument`: options that contradict each other or the library's build.
  public init(
    path: String, options: DatabaseOptions = DatabaseOptions(), columnFamilies: [String] = []
  ) throws(RocksDBError) {
    let content = DirectoryContent(of: path)
    guard content != .dataWithoutCurrent else {
      throw RocksDBError(
        code: .corruption, operation: "open the database", path: path,
        detail: "the file CURRENT is missing beside files with data")
    }
    let begins = content == .noDatabase && options.createIfMissing
    let existing = begins ? [] : try Database.columnFamilyNames(path: path)
    var seen = Set<String>()
    let names = ([Database.defaultColumnFamilyName] + existing + columnFamilies)
      .filter { seen.insert($0).inserted }
    handle = try DatabaseHandle(path: path, options: OptionsHandle(options), names: names)
  }

  deinit { handle.close() }

  /// The directory it was opened in.
  public var path: String { handle.path }

  /// Refuses further calls, and destroys the C handle once its last user is gone. C: `rocksdb_close`.
  ///
  /// Waits for no user; when there is none, it flushes what is unflushed and releases the lock
  /// before it returns. A failure of that flush is not reported: ``flush(_:wait:)`` first where it
  /// matters. Idempotent.
  public func close() { handle.close() }

  /// Names of the open column families, sorted; empty after the close.
  public var columnFamilyNames: [String] { handle.familyNames }

  /// The open column family of that name; `nil` if there is none, or after the close.
  public func columnFamily(named name: String) -> ColumnFamily? { handle.family(named: name) }

  /// Creates a column family. C: `rocksdb_create_column_family`.
  ///
  /// Throws `invalidArgument` when the name exists, `closed`, and I/O errors.
  public func createColumnFamily(named name: String) throws(RocksDBError) -> ColumnFamily {
    try handle.createFamily(named: name)
  }

  /// Drops a column family with all its data. C: `rocksdb_drop_column_family`.
  ///
  /// From here on every use of `family` throws `columnFamilyDropped`, except by iterators and
  /// pinned slices that exist already; with the last of them RocksDB deletes the files.
  /// Throws `invalidArgument` for the default one, `columnFamilyDropped`, `closed`, I/O errors.
  public func dropColumnFamily(_ family: ColumnFamily) throws(RocksDBError) {
    precondition(family.database === handle, "the column family belongs to another database")
    try handle.dropFamily(family)
  }
}
