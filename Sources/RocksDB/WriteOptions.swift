internal import CRocksDB

/// What a write waits for, and how it is inserted. C: `rocksdb_writeoptions_t`.
///
/// Syncing without a write-ahead log, which RocksDB refuses, cannot be expressed.
public struct WriteOptions: Sendable, Hashable {
  /// What has to be safe before a write returns.
  public enum Durability: Sendable, Hashable {
    /// Only the memtable: lost in a crash, in one piece per column family, back to its last flush.
    case memtable
    /// The write-ahead log, in the operating system's cache: survives the process.
    case log
    /// The write-ahead log, on the disk: survives the machine.
    case syncedLog
  }

  /// What the write waits for.
  public var durability: Durability
  /// Remembers the last insert position of each batch (`memtable_insert_hint_per_batch`).
  ///
  /// For batches with sorted keys, written by several threads at once; RocksDB ignores it
  /// otherwise.
  public var isSorted: Bool

  /// Creates options; without arguments: memtable only, unsorted.
  public init(durability: Durability = .memtable, isSorted: Bool = false) {
    self.durability = durability
    self.isSorted = isSorted
  }

  /// Write-ahead log off: the default.
  public static let walDisabled = WriteOptions()
  /// Write-ahead log on, not synced.
  public static let wal = WriteOptions(durability: .log)
  /// Write-ahead log on and synced.
  public static let walSynced = WriteOptions(durability: .syncedLog)
}

/// Owns `rocksdb_writeoptions_t` for the length of one write.
struct WriteOptionsHandle: ~Copyable {
  let pointer: OpaquePointer

  init(_ options: WriteOptions) {
    pointer = rocksdb_writeoptions_create()
    switch options.durability {
    case .memtable: rocksdb_writeoptions_disable_WAL(pointer, 1)
    case .log: break
    case .syncedLog: rocksdb_writeoptions_set_sync(pointer, 1)
    }
    if options.isSorted { rocksdb_writeoptions_set_memtable_insert_hint_per_batch(pointer, 1) }
  }

  deinit { rocksdb_writeoptions_destroy(pointer) }
}
