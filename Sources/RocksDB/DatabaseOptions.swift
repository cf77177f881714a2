/// How a database is opened; every column family gets the same.
///
/// | property | RocksDB's option | default |
/// |---|---|---|
/// | ``createIfMissing`` | `create_if_missing` | true |
/// | ``blockCacheBytes`` | capacity of one `NewLRUCache` | 64 MiB |
/// | ``memtableBytesTotal`` | `db_write_buffer_size` | 64 MiB |
/// | ``writeBufferBytes`` | `write_buffer_size` | 16 MiB |
/// | ``maxOpenFiles`` | `max_open_files` | 512 |
/// | ``bloomBitsPerKey`` | `filter_policy` | 10 |
/// | ``blockBytes`` | `block_size` | 4 KiB |
/// | ``compression`` | `compression` | LZ4 |
/// | ``maxBackgroundJobs`` | `max_background_jobs` | 2 |
/// | ``memtable`` | `memtable_factory` | skip list |
/// | ``paranoidChecks`` | `paranoid_checks` | true |
/// | ``infoLogLevel`` | `info_log_level` | warn |
/// | ``keepLogFileCount`` | `keep_log_file_num` | 4 |
///
/// Not offered: `atomic_flush` stays off, so **column families flush one by one** and what must
/// survive a crash together without a write-ahead log belongs in the same column family.
/// Periodic statistics (`stats_dump_period_sec`, `stats_persist_period_sec`) are off.
public struct DatabaseOptions: Sendable, Hashable {
  /// Creates the database when its directory holds none; parents of the directory must exist.
  public var createIfMissing = true
  /// Capacity, in bytes, of the one block cache of all column families.
  ///
  /// Index and filter blocks live in it too, with high priority and pinned for level 0, so it
  /// bounds what reading costs however many column families there are. The limit is not strict:
  /// pinned blocks may exceed it for a moment.
  public var blockCacheBytes = 64 << 20
  /// Memtable bytes of all column families together at which RocksDB starts to flush; 0: no limit.
  ///
  /// **A soft limit**: it sets off flushes and stalls no writer, so one that outruns the disk goes
  /// above it (measured: 22 MB under a limit of 4 MiB, 16 column families). Only two full memtables
  /// of one column family stall. To hold it, wait while ``MemoryUsage/memtableBytes`` is too high.
  public var memtableBytesTotal = 64 << 20
  /// Memtable bytes of one column family at which it is flushed.
  ///
  /// Memory is taken in steps of a 64th of it (4 KiB to 1 MiB), so that many column families with
  /// little in each do not use up ``memtableBytesTotal`` with empty space.
  public var writeBufferBytes = 16 << 20
  /// Files kept open at once, for the whole database; -1: all of them. Stay below `ulimit -n`.
  public var maxOpenFiles = 512
  /// Bits a key in the Bloom filter of a file; 0: no filter. 10 gives about 1% false positives.
  public var bloomBitsPerKey = 10.0
  /// Uncompressed bytes of a data block, the unit of reading and caching.
  public var blockBytes = 4 << 10
  /// Compression of the data blocks.
  public var compression = Compression.lz4
  /// Flushes and compactions that may run at once, in threads shared by the process.
  public var maxBackgroundJobs = 2
  /// Structure that holds the writes since the last flush.
  public var memtable = Memtable.skipList
  /// Verifies sizes and formats when files are opened, and stops writing after a background error.
  public var paranoidChecks = true
  /// Lowest severity written to the file `LOG` in the directory.
  public var infoLogLevel = InfoLogLevel.warn
  /// `LOG` files kept; each open begins a new one.
  public var keepLogFileCount = 4

  /// Creates the defaults.
  public init() {}

  /// Block compression. Debian's library has all of these built in; a library that lacks one
  /// refuses to open with ``RocksDBError/Code/invalidArgument``.
  public enum Compression: Sendable, Hashable, CaseIterable {
    case none
    case snappy
    case lz4
    case zstd
  }

  /// Memtable structure.
  public enum Memtable: Sendable, Hashable {
    /// RocksDB's default: ordered, and written by several threads at once.
    case skipList
    /// A hash table of keys: cheaper to put and to get, dearer to iterate and to flush.
    ///
    /// `buckets` (1 or more) costs 8 bytes each **per memtable**, and memtable writes are serial.
    case hashSkipList(buckets: Int)
  }

  /// Severity of RocksDB's own log.
  public enum InfoLogLevel: Int32, Sendable, Hashable {
    case debug = 0
    case info = 1
    case warn = 2
    case error = 3
    case fatal = 4
  }
}
