internal import CRocksDB

/// Bytes of memory that a ``Database`` uses, as RocksDB estimates them.
public struct MemoryUsage: Sendable, Hashable {
  /// Memtables, those being flushed included.
  public var memtableBytes: UInt64
  /// Memtables that no flush has begun to write.
  public var unflushedMemtableBytes: UInt64
  /// Table readers outside of the block cache.
  public var tableReaderBytes: UInt64
  /// The block cache: data, index and filter blocks.
  public var blockCacheBytes: UInt64
  /// The part of the block cache that is in use and cannot be evicted.
  public var pinnedBlockCacheBytes: UInt64

  /// All of it.
  public var totalBytes: UInt64 { memtableBytes + tableReaderBytes + blockCacheBytes }
}

extension Database {
  /// A property as text, such as `rocksdb.stats`; `nil` for a name RocksDB does not know.
  ///
  /// The names are in db.h, `DB::Properties`. Throws `closed` and `columnFamilyDropped`.
  /// C: `rocksdb_property_value_cf`.
  public func property(_ name: String, in family: ColumnFamily) throws(RocksDBError) -> String? {
    try using(family, "read the property \(name)") { _ in
      guard let text = rocksdb_property_value_cf(handle.pointer, family.pointer, name) else { return nil }
      defer { rocksdb_free(text) }
      return String(cString: text)
    }
  }

  /// A property as a number, such as `rocksdb.estimate-num-keys`; `nil` if it is none.
  ///
  /// Throws `closed` and `columnFamilyDropped`. C: `rocksdb_property_int_cf`.
  public func intProperty(_ name: String, in family: ColumnFamily) throws(RocksDBError) -> UInt64? {
    try using(family, "read the property \(name)") { _ in
      var value: UInt64 = 0
      let status = rocksdb_property_int_cf(handle.pointer, family.pointer, name, &value)
      return status == 0 ? value : nil
    }
  }

  /// Memory used by all column families. Throws `closed`. C: `rocksdb_approximate_memory_usage_create`.
  public func memoryUsage() throws(RocksDBError) -> MemoryUsage {
    let operation = "measure the memory"
    try handle.enter(operation)
    defer { handle.leave() }
    let consumers = rocksdb_memory_consumers_create()
    defer { rocksdb_memory_consumers_destroy(consumers) }
    rocksdb_memory_consumers_add_db(consumers, handle.pointer)
    let usage = try checked(operation, path) { rocksdb_approximate_memory_usage_create(consumers, $0) }
    defer { rocksdb_approximate_memory_usage_destroy(usage) }
    return MemoryUsage(
      memtableBytes: rocksdb_approximate_memory_usage_get_mem_table_total(usage),
      unflushedMemtableBytes: rocksdb_approximate_memory_usage_get_mem_table_unflushed(usage),
      tableReaderBytes: rocksdb_approximate_memory_usage_get_mem_table_readers_total(usage),
      blockCacheBytes: UInt64(rocksdb_cache_get_usage(handle.options.cache)),
      pinnedBlockCacheBytes: UInt64(rocksdb_cache_get_pinned_usage(handle.options.cache)))
  }
}
