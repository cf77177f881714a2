internal import CRocksDB

/// Owns `rocksdb_options_t` and the block cache it refers to.
///
/// RocksDB copies the options when they are used; the cache is reference-counted on its side. So
/// the owner may go before the database, and stays only to make further column families.
struct OptionsHandle: ~Copyable {
  let options: OpaquePointer
  let cache: OpaquePointer

  init(_ values: DatabaseOptions) {
    // No C error: both constructors allocate and cannot fail otherwise.
    options = rocksdb_options_create()
    cache = rocksdb_cache_create_lru(max(0, values.blockCacheBytes))
    setLimits(values)
    setFiles(values)
    setTable(values)
    setMemtable(values.memtable)
  }

  deinit {
    rocksdb_options_destroy(options)
    rocksdb_cache_destroy(cache)
  }

  private borrowing func setLimits(_ values: DatabaseOptions) {
    rocksdb_options_set_db_write_buffer_size(options, values.memtableBytesTotal)
    rocksdb_options_set_write_buffer_size(options, values.writeBufferBytes)
    let arenaBlockBytes = min(max(values.writeBufferBytes / 64, 4 << 10), 1 << 20)
    rocksdb_options_set_arena_block_size(options, arenaBlockBytes)
    rocksdb_options_set_max_open_files(options, Int32(clamping: values.maxOpenFiles))
    rocksdb_options_set_max_background_jobs(options, Int32(clamping: values.maxBackgroundJobs))
  }

  private borrowing func setFiles(_ values: DatabaseOptions) {
    rocksdb_options_set_create_if_missing(options, values.createIfMissing ? 1 : 0)
    rocksdb_options_set_create_missing_column_families(options, 1)
    rocksdb_options_set_paranoid_checks(options, values.paranoidChecks ? 1 : 0)
    rocksdb_options_set_compression(options, values.compression.cValue)
    rocksdb_options_set_atomic_flush(options, 0)
    rocksdb_options_set_info_log_level(options, values.infoLogLevel.rawValue)
    rocksdb_options_set_keep_log_file_num(options, max(1, values.keepLogFileCount))
    rocksdb_options_set_stats_dump_period_sec(options, 0)
    rocksdb_options_set_stats_persist_period_sec(options, 0)
  }

  private borrowing func setTable(_ values: DatabaseOptions) {
    let table = rocksdb_block_based_options_create()
    // The factory made below copies the table options.
    defer { rocksdb_block_based_options_destroy(table) }
    rocksdb_block_based_options_set_block_size(table, values.blockBytes)
    rocksdb_block_based_options_set_block_cache(table, cache)
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1)
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, 1)
    // Index and filter in blocks of their own: whole, those of a file of millions of keys are megabytes, which a small
    // cache throws away and reads again for each key. None is pinned: the cache would grow beyond its size.
    let index = rocksdb_block_based_table_index_type_two_level_index_search
    rocksdb_block_based_options_set_index_type(table, Int32(index))
    rocksdb_block_based_options_set_partition_filters(table, 1)
    rocksdb_block_based_options_set_metadata_block_size(table, UInt64(values.blockBytes))
    if values.bloomBitsPerKey > 0 {
      // The table options take the policy over.
      let policy = rocksdb_filterpolicy_create_bloom_full(values.bloomBitsPerKey)
      rocksdb_block_based_options_set_filter_policy(table, policy)
    }
    rocksdb_options_set_block_based_table_factory(options, table)
  }

  private borrowing func setMemtable(_ memtable: DatabaseOptions.Memtable) {
    guard case .hashSkipList(let buckets) = memtable else { return }
    // 4 and 4 are NewHashSkipListRepFactory's own height and branching factor (memtablerep.h).
    // The prefix is the whole key: a fixed prefix would assert on shorter keys. It is handed over.
    rocksdb_options_set_hash_skip_list_rep(options, max(1, buckets), 4, 4)
    rocksdb_options_set_prefix_extractor(options, rocksdb_slicetransform_create_noop())
    rocksdb_options_set_allow_concurrent_memtable_write(options, 0)
  }
}

extension DatabaseOptions.Compression {
  fileprivate var cValue: Int32 {
    switch self {
    case .none: Int32(rocksdb_no_compression)
    case .snappy: Int32(rocksdb_snappy_compression)
    case .lz4: Int32(rocksdb_lz4_compression)
    case .zstd: Int32(rocksdb_zstd_compression)
    }
  }
}
