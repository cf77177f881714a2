internal import CRocksDB

/// Walks the keys of one ``ColumnFamily`` in ascending byte order.
///
///     var entries = try database.iterator(in: family)
///     try entries.seekToFirst()
///     while entries.isValid {
///       use(entries.key, entries.value)
///       try entries.next()
///     }
///
/// It shows the column family as it was when the iterator was made, or at its snapshot. Every move
/// checks RocksDB's status, so the end of the loop is the end of the data and never a hidden error.
/// It keeps the database from being destroyed and holds memory and files: let go of it soon.
/// Thread rule: one thread at a time; it may be moved to another. C: `rocksdb_iterator_t`.
///
/// `@unchecked`: iterator.h asks for external synchronization as soon as a thread moves the
/// iterator; there is one owner, and only that owner can call the `mutating` functions.
public struct DatabaseIterator: ~Copyable, @unchecked Sendable {
  /// How an iterator reads.
  public struct Options: Sendable {
    /// State to show; `nil`: the state at creation.
    public var snapshot: Snapshot?
    /// Bytes read ahead of a scan (`readahead_size`); 0: RocksDB grows it by itself up to 256 KiB.
    public var readaheadBytes = 0
    /// Whether blocks read stay in the cache (`fill_cache`); turn it off for scans over everything.
    public var fillsCache = true

    /// Creates the defaults.
    public init() {}
  }

  private let pointer: OpaquePointer
  private let readOptions: OpaquePointer
  private let family: ColumnFamily
  private let snapshot: Snapshot?

  init(in family: ColumnFamily, options: Options) throws(RocksDBError) {
    if let snapshot = options.snapshot {
      precondition(snapshot.database === family.database, "the snapshot is of another database")
    }
    try family.enter("iterate over the column family \(family.name)")
    readOptions = rocksdb_readoptions_create()
    // Memtables and filters may be hashed by prefix; order over all keys has to be asked for.
    rocksdb_readoptions_set_total_order_seek(readOptions, 1)
    rocksdb_readoptions_set_fill_cache(readOptions, options.fillsCache ? 1 : 0)
    rocksdb_readoptions_set_readahead_size(readOptions, max(0, options.readaheadBytes))
    if let snapshot = options.snapshot {
      rocksdb_readoptions_set_snapshot(readOptions, snapshot.pointer)
    }
    pointer = rocksdb_create_iterator_cf(family.database.pointer, readOptions, family.pointer)
    self.family = family
    snapshot = options.snapshot
  }

  deinit {
    rocksdb_iter_destroy(pointer)
    rocksdb_readoptions_destroy(readOptions)
    family.leave()
  }

  /// Whether there is an entry here; `false` before the first seek. C: `rocksdb_iter_valid`.
  public var isValid: Bool { rocksdb_iter_valid(pointer) != 0 }

  /// Moves to the first entry. C: `rocksdb_iter_seek_to_first`.
  public mutating func seekToFirst() throws(RocksDBError) {
    rocksdb_iter_seek_to_first(pointer)
    try check()
  }

  /// Moves to the first entry whose key is `key` or greater. C: `rocksdb_iter_seek`.
  public mutating func seek(to key: UnsafeRawBufferPointer) throws(RocksDBError) {
    rocksdb_iter_seek(pointer, key.cBytes, key.count)
    try check()
  }

  /// Moves to the next entry; traps when there is none here. C: `rocksdb_iter_next`.
  public mutating func next() throws(RocksDBError) {
    precondition(isValid, "next after the last entry")
    rocksdb_iter_next(pointer)
    try check()
  }

  /// The key here, until the next move; traps when there is none. C: `rocksdb_iter_key`.
  public var key: RawSpan {
    @_lifetime(borrow self)
    get { _overrideLifetime(RawSpan(_unsafeBytes: unsafeKey), borrowing: self) }
  }

  /// The value here, until the next move; traps when there is none. C: `rocksdb_iter_value`.
  public var value: RawSpan {
    @_lifetime(borrow self)
    get { _overrideLifetime(RawSpan(_unsafeBytes: unsafeValue), borrowing: self) }
  }

  /// Lends key and value here for the length of `body`; traps when there are none.
  public func withEntry<Result: ~Copyable, Failure: Error>(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(unsafeKey, unsafeValue)
  }

  private var unsafeKey: UnsafeRawBufferPointer {
    precondition(isValid, "key of no entry")
    var count = 0
    let start = rocksdb_iter_key(pointer, &count)
    return UnsafeRawBufferPointer(cBytes: start, count: count)
  }

  private var unsafeValue: UnsafeRawBufferPointer {
    precondition(isValid, "value of no entry")
    var count = 0
    let start = rocksdb_iter_value(pointer, &count)
    return UnsafeRawBufferPointer(cBytes: start, count: count)
  }

  /// iterator.h: an error makes the iterator invalid, so a valid one needs no look at its status.
  private borrowing func check() throws(RocksDBError) {
    if isValid { return }
    try checked("iterate over the column family \(family.name)", family.database.path) {
      rocksdb_iter_get_error(pointer, $0)
    }
  }
}
