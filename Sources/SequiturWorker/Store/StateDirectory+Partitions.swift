import RocksDB

/// One column family for each partition.
extension StateDirectory {
  static func columnFamilyName(_ partition: Int32) -> String { "partition-\(partition)" }

  package static func partition(ofColumnFamily name: String) -> Int32? {
    name.hasPrefix("partition-") ? Int32(name.dropFirst("partition-".count)) : nil
  }

  /// The partition's store, made when it is not there; an empty one when it was found damaged.
  func store(of partition: Int32) throws -> PartitionStore {
    try open.withLock { open in
      if open.isClosed { try openAgain(&open) }
      if open.damaged.remove(partition) != nil { try Self.drop(partition, &open) }
      if let store = open.stores[partition] { return store }
      let name = Self.columnFamilyName(partition)
      let family =
        try open.database.columnFamily(named: name) ?? open.database.createColumnFamily(named: name)
      let store = PartitionStore(database: open.database, family: family)
      open.stores[partition] = store
      return store
    }
  }

  /// Empties the partition's store.
  func reset(_ partition: Int32) throws -> PartitionStore {
    try open.withLock { try Self.drop(partition, &$0) }
    return try store(of: partition)
  }

  /// The partition's store cannot be read: it is emptied before the next restore.
  func markDamaged(_ partition: Int32) {
    open.withLock { open in
      // After a reopening, the store that was damaged may be gone already.
      guard open.stores[partition] != nil else { return }
      open.damaged.insert(partition)
    }
  }

  /// Drops the partition's column family.
  func drop(_ partition: Int32) throws { try open.withLock { try Self.drop(partition, &$0) } }

  /// Partitions that the store has something of.
  var partitions: [Int32] { database.columnFamilyNames.compactMap(Self.partition(ofColumnFamily:)) }

  private static func drop(_ partition: Int32, _ open: inout Open) throws {
    open.stores[partition] = nil
    if let family = open.database.columnFamily(named: columnFamilyName(partition)) {
      try open.database.dropColumnFamily(family)
    }
  }
}
