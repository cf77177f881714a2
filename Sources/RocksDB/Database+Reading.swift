internal import CRocksDB

extension Database {
  /// Reads the value of `key` without copying it; `nil` when absent. C: `rocksdb_get_pinned_cf`.
  ///
  /// `key` may be empty. Throws `closed`, `columnFamilyDropped`, `corruption`, `ioError`.
  public func get(
    _ key: UnsafeRawBufferPointer, in family: ColumnFamily
  ) throws(RocksDBError) -> PinnedSlice? {
    precondition(family.database === handle, "the column family belongs to another database")
    try family.enter("read a key")
    var text: UnsafeMutablePointer<CChar>?
    let slice = rocksdb_get_pinned_cf(
      handle.pointer, handle.readOptions, family.pointer, key.cBytes, key.count, &text)
    if let slice { return PinnedSlice(taking: slice, using: family) }
    family.leave()
    if let text { throw takeError(text, "read a key of \(family.name)", path) }
    return nil
  }

  /// Lends the value of `key`, or `nil` when absent, for the length of `body`.
  ///
  /// The bytes must not leave `body`. Throws as ``get(_:in:)`` does, and what `body` throws.
  @inlinable
  public func withValue<Result: ~Copyable>(
    of key: UnsafeRawBufferPointer, in family: ColumnFamily,
    _ body: (UnsafeRawBufferPointer?) throws(RocksDBError) -> Result
  ) throws(RocksDBError) -> Result {
    switch try get(key, in: family) {
    case .some(let slice):
      return try slice.withUnsafeBytes { bytes throws(RocksDBError) in try body(bytes) }
    case .none:
      return try body(nil)
    }
  }

  /// Reads many keys of one column family at once. C: `rocksdb_batched_multi_get_cf`.
  ///
  /// Calls `body` once per key, in the order of `keys`, with the key's index and its value, `nil`
  /// when absent; the bytes must not leave `body`. All values are read before the first call.
  /// `areSorted` promises that `keys` ascend, which saves RocksDB the sort.
  /// Throws as ``get(_:in:)`` does, for the first key that fails, before any call of `body`; and
  /// what `body` throws.
  public func withValues(
    of keys: [UnsafeRawBufferPointer], in family: ColumnFamily, areSorted: Bool = false,
    _ body: (_ index: Int, _ value: UnsafeRawBufferPointer?) throws(RocksDBError) -> Void
  ) throws(RocksDBError) {
    precondition(family.database === handle, "the column family belongs to another database")
    try family.enter("read keys")
    defer { family.leave() }
    var slices = [OpaquePointer?](repeating: nil, count: keys.count)
    var texts = [UnsafeMutablePointer<CChar>?](repeating: nil, count: keys.count)
    // C returns a slice or a text for each key, or neither when it is absent; all are ours to free.
    rocksdb_batched_multi_get_cf(
      handle.pointer, handle.readOptions, family.pointer, keys.count,
      keys.map { Optional($0.cBytes) }, keys.map { $0.count }, &slices, &texts, areSorted)
    defer { for case let slice? in slices { rocksdb_pinnableslice_destroy(slice) } }
    let errors = texts.compactMap { $0 }.map { takeError($0, "read keys of \(family.name)", path) }
    if let error = errors.first { throw error }
    for (index, slice) in slices.enumerated() {
      try body(index, slice.map { UnsafeRawBufferPointer(pinnedSlice: $0) })
    }
  }

  /// Makes an iterator over `family`, which has to be moved before it shows an entry.
  ///
  /// Throws `closed` and `columnFamilyDropped`. C: `rocksdb_create_iterator_cf`.
  public func iterator(
    in family: ColumnFamily, options: DatabaseIterator.Options = DatabaseIterator.Options()
  ) throws(RocksDBError) -> DatabaseIterator {
    precondition(family.database === handle, "the column family belongs to another database")
    return try DatabaseIterator(in: family, options: options)
  }

  /// Takes a snapshot of all column families. Throws `closed`. C: `rocksdb_create_snapshot`.
  public func snapshot() throws(RocksDBError) -> Snapshot {
    try Snapshot(of: handle)
  }
}
