internal import CRocksDB

/// Writes a table file outside of any database, for ``Database/ingest(_:into:movingFiles:)``.
///
/// Without ``finish()`` the file is incomplete and stays behind: the caller deletes it.
/// Thread rule: one thread at a time; it may be moved to another. C: `rocksdb_sstfilewriter_t`.
///
/// `@unchecked`: the writer (sst_file_writer.h) has no thread of its own and shares nothing; there
/// is one owner, and only that owner can call the `mutating` functions.
public struct SSTFileWriter: ~Copyable, @unchecked Sendable {
  private let pointer: OpaquePointer
  private let environment: OpaquePointer
  private let path: String

  /// Creates or overwrites the file at `path`; its folder must exist. C: `rocksdb_sstfilewriter_open`.
  ///
  /// `options` gives the format: block size, compression, Bloom filter.
  public init(path: String, options: DatabaseOptions = DatabaseOptions()) throws(RocksDBError) {
    let handle = OptionsHandle(options)
    environment = rocksdb_envoptions_create()
    // Copies both kinds of options.
    pointer = rocksdb_sstfilewriter_create(environment, handle.options)
    self.path = path
    try checked("create the table file", path) { rocksdb_sstfilewriter_open(pointer, path, $0) }
  }

  deinit {
    rocksdb_sstfilewriter_destroy(pointer)
    rocksdb_envoptions_destroy(environment)
  }

  /// Adds an entry. C: `rocksdb_sstfilewriter_put`.
  ///
  /// Throws `invalidArgument` when `key` is not greater than the key before, and I/O errors.
  public mutating func put(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) throws(RocksDBError) {
    try checked("add to the table file", path) {
      rocksdb_sstfilewriter_put(pointer, key.cBytes, key.count, value.cBytes, value.count, $0)
    }
  }

  /// Adds "`key` is absent from here on". C: `rocksdb_sstfilewriter_delete`.
  ///
  /// Throws as ``put(_:_:)`` does.
  public mutating func delete(_ key: UnsafeRawBufferPointer) throws(RocksDBError) {
    try checked("add to the table file", path) {
      rocksdb_sstfilewriter_delete(pointer, key.cBytes, key.count, $0)
    }
  }

  /// Completes and syncs the file; returns its size in bytes. C: `rocksdb_sstfilewriter_finish`.
  ///
  /// Throws `invalidArgument` when the file has no entry, and I/O errors.
  public consuming func finish() throws(RocksDBError) -> UInt64 {
    try checked("finish the table file", path) { rocksdb_sstfilewriter_finish(pointer, $0) }
    var size: UInt64 = 0
    rocksdb_sstfilewriter_file_size(pointer, &size)
    return size
  }
}
