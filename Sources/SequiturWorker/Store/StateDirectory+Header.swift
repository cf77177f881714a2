import Foundation
import RocksDB

extension StateDirectory {
  private static let headerKey = Array("header".utf8)

  /// Makes the store ours: writes the header of a new one, and compares the header of an old one.
  ///
  /// - Returns: whether the store was emptied, since it held the state of other topics.
  /// - Throws: ``StoreHeaderFault`` when the store must not be used.
  func adopt(_ expected: StoreHeader) throws -> Bool {
    guard let found = try header() else {
      guard partitions.isEmpty else {
        try rebuild(expected, because: "it has no header, which older versions did not write")
        return true
      }
      try Self.write(expected.empty, to: database)
      return false
    }
    switch StoreHeader.judge(found: found, expected: expected, path: path) {
    case .refuse(let fault):
      throw fault
    case .rebuild(let reason):
      try rebuild(expected, because: reason)
      return true
    case .keep(let isUpdated):
      if isUpdated { try Self.write(expected.completed(by: found), to: database) }
      return false
    }
  }

  /// Writes down which decider works with the store from now on, and under which schema it writes.
  func note(_ decider: KnownDecider) throws {
    guard var header = try Self.readHeader(database) else { return }
    header.schemaVersion = decider.schemaVersion
    header.decider = "\(decider.fingerprint)"
    header.definition = decider.definition
    try Self.write(header, to: database)
  }

  /// The header of the store that is open; nil when it has none.
  func header() throws -> StoreHeader? {
    do {
      return try Self.readHeader(database)
    } catch {
      try replaceStore(because: "\(error)")
      return nil
    }
  }

  private func rebuild(_ expected: StoreHeader, because reason: String) throws {
    try replaceStore(because: reason)
    try Self.write(expected.empty, to: database)
  }

  /// The header of an open store; `nil` when it has none.
  package static func readHeader(_ database: Database) throws -> StoreHeader? {
    guard let family = database.columnFamily(named: Database.defaultColumnFamilyName) else { return nil }
    return try headerKey.withUnsafeBytes { key -> StoreHeader? in
      guard let slice = try database.get(key, in: family) else { return nil }
      return try slice.withUnsafeBytes { try StoreHeader(decoding: $0) }
    }
  }

  /// Writes the header; returns when it is on the disk.
  static func write(_ header: StoreHeader, to database: Database) throws {
    try put(headerKey, try header.encoded(), in: database)
  }

  /// Puts an entry of the default column family on the disk: it has no log, so it is flushed.
  static func put(_ key: [UInt8], _ value: [UInt8], in database: Database) throws {
    guard let family = database.columnFamily(named: Database.defaultColumnFamilyName) else { return }
    var batch = WriteBatch(for: database)
    try key.withUnsafeBytes { key in
      try value.withUnsafeBytes { value in try batch.put(key, value, in: family) }
    }
    try database.write(&batch)
    try database.flush(family)
  }
}
