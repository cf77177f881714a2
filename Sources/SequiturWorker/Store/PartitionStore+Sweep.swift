import PartitionEngine
import RocksDB
import Synchronization

/// Graves that are over go from the store while objects are drained into it.
extension PartitionStore {
  /// Entries that are looked at with each drain, besides two for each object that it brings. A drain makes a grave of each of its
  /// objects at most: so graves that are over never come to be more than about as many as all else.
  private static let entriesMin = 64
  /// The smallest key above the position's empty one.
  static let firstKey: [UInt8] = [0]

  /// Deletes graves that are over, of some entries further on than the last time, round and round.
  ///
  /// - Parameters:
  ///   - time: of objects that were forgotten at or before it, in milliseconds since 1970.
  ///   - count: of objects in the drain.
  func sweep(gravesOverAt time: Int64, drained count: Int) throws(RocksDBError) {
    var options = DatabaseIterator.Options()
    options.fillsCache = false
    var entries = try database.iterator(in: family, options: options)
    let start = sweepStart.withLock { $0 }
    try seek(&entries, to: start)
    var batch = makeBatch()
    var next = Self.firstKey
    var left = 2 * count + Self.entriesMin
    while entries.isValid {
      guard left > 0 else {
        next = entries.withEntry { key, _ in Array(key) }
        break
      }
      left -= 1
      let over = entries.withEntry { key, record in
        ObjectRecord.isGrave(record) && ObjectRecord(record).forgottenAt <= time ? Array(key) : nil
      }
      if let over { try delete(over, in: &batch) }
      try entries.next()
    }
    if !batch.isEmpty { try write(&batch) }
    sweepStart.withLock { $0 = next }
  }

  private func seek(_ entries: inout DatabaseIterator, to key: [UInt8]) throws(RocksDBError) {
    let result = key.withUnsafeBytes { key in
      Result { () throws(RocksDBError) in try entries.seek(to: key) }
    }
    try result.get()
  }

  private func delete(_ key: [UInt8], in batch: inout WriteBatch) throws(RocksDBError) {
    let result = key.withUnsafeBytes { key in
      Result { () throws(RocksDBError) in try put(key, nil, in: &batch) }
    }
    try result.get()
  }
}
