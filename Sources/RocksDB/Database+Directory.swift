internal import CRocksDB

extension Database {
  /// Names of the column families of the database in `path`, open or not. C: `rocksdb_list_column_families`.
  ///
  /// Reads the manifest and takes no lock. Throws `ioError` when there is no database, and
  /// `corruption`.
  public static func columnFamilyNames(path: String) throws(RocksDBError) -> [String] {
    let options = OptionsHandle(DatabaseOptions())
    var count = 0
    let list = try checked("list the column families", path) {
      rocksdb_list_column_families(options.options, path, &count, $0)
    }
    guard let list else { return [] }
    defer { rocksdb_list_column_families_destroy(list, count) }
    return (0..<count).compactMap { index in list[index].map { String(cString: $0) } }
  }

  /// Deletes the database in `path` and all its data. C: `rocksdb_destroy_db`.
  ///
  /// Files that are not RocksDB's stay, and with them the directory. A directory that does not
  /// exist is no error. Throws `lockHeld` while it is open, and I/O errors.
  public static func destroy(path: String) throws(RocksDBError) {
    let options = OptionsHandle(DatabaseOptions())
    try checked("destroy the database", path) { rocksdb_destroy_db(options.options, path, $0) }
  }
}
