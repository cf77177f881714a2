internal import CRocksDB

extension Database {
  /// Applies `batch`, all of it or nothing. C: `rocksdb_write`.
  ///
  /// The batch keeps its changes; it is `inout` because RocksDB writes its sequence number into it,
  /// so that two threads must not write the same one at once.
  ///
  /// With the write-ahead log off (the default) it is as durable as the next flush of its column
  /// family; a crash loses whole batches only, counted from the end, **within one column family**.
  /// Blocks while RocksDB stalls writes. Throws `invalidArgument` when a column family of the batch
  /// was dropped since, `closed`, `noSpace`, `ioError`; after a failed background flush every
  /// write throws until the database is opened again.
  public func write(
    _ batch: inout WriteBatch, options: WriteOptions = .walDisabled
  ) throws(RocksDBError) {
    precondition(batch.database === handle, "the batch was made for another database")
    try handle.enter("write a batch")
    defer { handle.leave() }
    let options = WriteOptionsHandle(options)
    let batch = batch.pointer
    try checked("write a batch", path) { rocksdb_write(handle.pointer, options.pointer, batch, $0) }
  }

  /// Writes the memtable of `family` to a table file. C: `rocksdb_flush_cf`.
  ///
  /// With `wait` it returns when the file is complete and throws if it is not; otherwise the flush
  /// goes on in the background, and its failure shows in later writes.
  public func flush(_ family: ColumnFamily, wait: Bool = true) throws(RocksDBError) {
    let options = rocksdb_flushoptions_create()
    defer { rocksdb_flushoptions_destroy(options) }
    rocksdb_flushoptions_set_wait(options, wait ? 1 : 0)
    try using(family, "flush the column family \(family.name)") {
      rocksdb_flush_cf(handle.pointer, options, family.pointer, $0)
    }
  }

  /// Compacts the keys of `family` from `start` to `end`; `nil`: no bound. C: `rocksdb_compact_range_cf`.
  ///
  /// Returns when done. The C function reports no error; one shows in later writes.
  /// Throws `closed` and `columnFamilyDropped`.
  public func compactRange(
    _ family: ColumnFamily, from start: UnsafeRawBufferPointer? = nil, to end: UnsafeRawBufferPointer? = nil
  ) throws(RocksDBError) {
    try using(family, "compact the column family \(family.name)") { _ in
      rocksdb_compact_range_cf(
        handle.pointer, family.pointer, start?.cBytes, start?.count ?? 0, end?.cBytes, end?.count ?? 0)
    }
  }

  /// Adds table files of ``SSTFileWriter`` to `family`, all or none. C: `rocksdb_ingest_external_file_cf`.
  ///
  /// Their entries replace what the column family holds under the same keys. Files are copied, or
  /// with `movingFiles` linked, which needs the same file system; the caller deletes the originals.
  /// Throws `corruption` and `ioError` for files that are damaged or missing.
  public func ingest(
    _ paths: [String], into family: ColumnFamily, movingFiles: Bool = false
  ) throws(RocksDBError) {
    let options = rocksdb_ingestexternalfileoptions_create()
    defer { rocksdb_ingestexternalfileoptions_destroy(options) }
    rocksdb_ingestexternalfileoptions_set_move_files(options, movingFiles ? 1 : 0)
    try withCStrings(paths) { paths throws(RocksDBError) -> Void in
      try using(family, "ingest table files into the column family \(family.name)") {
        rocksdb_ingest_external_file_cf(handle.pointer, family.pointer, paths, paths.count, options, $0)
      }
    }
  }

  /// Copies the database, as it is now and openable, to the new directory `path`.
  ///
  /// Flushes the memtables first, so that writes without a log are in it; table files are linked
  /// where the file system allows. `path` must not exist, its parent must.
  /// C: `rocksdb_checkpoint_create`.
  public func checkpoint(to path: String) throws(RocksDBError) {
    let operation = "make a checkpoint"
    try handle.enter(operation)
    defer { handle.leave() }
    let checkpoint = try checked(operation, path) {
      rocksdb_checkpoint_object_create(handle.pointer, $0)
    }
    defer { rocksdb_checkpoint_object_destroy(checkpoint) }
    // 0: flush whatever the size of the log.
    try checked(operation, path) { rocksdb_checkpoint_create(checkpoint, path, 0, $0) }
  }

  /// Stops flushes and compactions for good; reads go on. C: `rocksdb_cancel_all_background_work`.
  ///
  /// Flushes unflushed memtables first. With `wait` it returns when the jobs are gone. Afterwards
  /// flushes throw `shuttingDown`: only ``close()`` makes sense. Throws `closed`.
  public func cancelAllBackgroundWork(wait: Bool) throws(RocksDBError) {
    try handle.enter("cancel the background work")
    defer { handle.leave() }
    rocksdb_cancel_all_background_work(handle.pointer, wait ? 1 : 0)
  }

  /// Runs a C call while `family` cannot be destroyed.
  func using<Result>(
    _ family: ColumnFamily, _ operation: @autoclosure () -> String, _ call: (ErrorSlot) -> Result
  ) throws(RocksDBError) -> Result {
    precondition(family.database === handle, "the column family belongs to another database")
    try family.enter(operation())
    defer { family.leave() }
    return try checked(operation(), path, call)
  }
}
