import Foundation
import RocksDB
import Synchronization

/// A view's objects in a RocksDB directory: a column family for each partition, `<partition>.<generation>`, and which
/// generation counts in the default one.
final class DirectoryStore<Value: Sendable>: ViewStore {
  private struct Tables {
    var generation: Int
    var former: ColumnFamily?
    var replacement: (generation: Int, family: ColumnFamily)?
  }

  private let path: String
  private let database: Database
  private let room: DiskRoom
  private let decode: @Sendable (ArraySlice<UInt8>) throws -> Value
  private let tables = Mutex<[Int32: Tables]>([:])

  /// Opens the directory, and makes it when it is not there; its parent must be.
  init(
    path: String, header: ViewHeader, memoryBytes: Int,
    decode: @escaping @Sendable (ArraySlice<UInt8>) throws -> Value
  ) throws(ViewFault) {
    self.path = path
    self.decode = decode
    room = DiskRoom(path: path, reservedBytes: 3 * (memoryBytes / 4))
    var options = DatabaseOptions()
    options.blockCacheBytes = memoryBytes / 2
    options.memtableBytesTotal = memoryBytes / 4
    options.writeBufferBytes = min(options.writeBufferBytes, max(1 << 16, memoryBytes / 8))
    database = try Self.storage { () throws(RocksDBError) in try Database(path: path, options: options) }
    try check(header)
    try dropUnknown()
  }

  func open(_ partition: Int32, now: Int64) throws(ViewFault) -> any ViewTable<Value> {
    let generation = try generation(of: partition) ?? 0
    let family = try family(partition, generation)
    tables.withLock { $0[partition] = Tables(generation: generation) }
    return try DirectoryTable(database, family, room, now: now, decode: decode)
  }

  func beginReplacement(of partition: Int32, now: Int64) throws(ViewFault) -> any ViewTable<Value> {
    let (current, begun) = tables.withLock { tables in
      (tables[partition]?.generation ?? 0, tables[partition]?.replacement)
    }
    if let begun { try drop(begun.family) }
    let next = (begun?.generation ?? current) + 1
    let family = try family(partition, next)
    tables.withLock { $0[partition]?.replacement = (next, family) }
    return try DirectoryTable(database, family, room, now: now, decode: decode)
  }

  func replace(_ partition: Int32) throws(ViewFault) {
    guard let tables = tables.withLock({ $0[partition] }), let next = tables.replacement else { return }
    let former = try family(partition, tables.generation)
    try Self.storage { () throws(RocksDBError) in try database.flush(next.family) }
    try put(Self.generationKey(partition), Array("\(next.generation)".utf8))
    self.tables.withLock { $0[partition] = Tables(generation: next.generation, former: former) }
  }

  func dropReplaced(_ partition: Int32) throws(ViewFault) {
    let former = tables.withLock { tables -> ColumnFamily? in
      defer { tables[partition]?.former = nil }
      return tables[partition]?.former
    }
    if let former { try drop(former) }
  }

  func close() { database.close() }

  // MARK: The default column family

  private static var headerKey: [UInt8] { Array("view".utf8) }

  private static func generationKey(_ partition: Int32) -> [UInt8] { Array("generation.\(partition)".utf8) }

  private func check(_ header: ViewHeader) throws(ViewFault) {
    guard let bytes = try value(Self.headerKey) else { return try put(Self.headerKey, Array(header.data)) }
    guard let found = try? JSONDecoder().decode(ViewHeader.self, from: Data(bytes)) else {
      throw .otherView(path: path, expected: header.shown, found: "something else")
    }
    guard found.format == ViewHeader.format else { throw .newerFormat(path: path, found: found.format) }
    guard found == header else {
      throw .otherView(path: path, expected: header.shown, found: found.shown)
    }
  }

  /// Tables that were not finished when the process ended, and former ones.
  private func dropUnknown() throws(ViewFault) {
    for name in database.columnFamilyNames where name != Database.defaultColumnFamilyName {
      let parts = name.split(separator: ".")
      guard parts.count == 2, let partition = Int32(parts[0]), let number = Int(parts[1]) else { continue }
      if try number != generation(of: partition) ?? 0, let family = database.columnFamily(named: name) {
        try drop(family)
      }
    }
  }

  private func generation(of partition: Int32) throws(ViewFault) -> Int? {
    try value(Self.generationKey(partition)).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
  }

  private func value(_ key: [UInt8]) throws(ViewFault) -> [UInt8]? {
    let family = try defaultFamily()
    return try Self.storage { () throws(RocksDBError) -> [UInt8]? in
      try DirectoryTable<Value>.withBytes(of: key) { key throws(RocksDBError) in
        try database.withValue(of: key, in: family) { $0.map { Array($0) } }
      }
    }
  }

  private func put(_ key: [UInt8], _ value: [UInt8]) throws(ViewFault) {
    let family = try defaultFamily()
    try Self.storage { () throws(RocksDBError) in
      try room.check()
      var batch = WriteBatch(for: database)
      try DirectoryTable<Value>.put(key, value[...], in: family, &batch)
      try database.write(&batch)
      try database.flush(family)
    }
  }

  private func defaultFamily() throws(ViewFault) -> ColumnFamily {
    guard let family = database.columnFamily(named: Database.defaultColumnFamilyName) else {
      throw .storage(
        RocksDBError(code: .closed, operation: "read the view", path: path, detail: "it was closed"))
    }
    return family
  }

  private func family(_ partition: Int32, _ generation: Int) throws(ViewFault) -> ColumnFamily {
    let name = "\(partition).\(generation)"
    if let family = database.columnFamily(named: name) { return family }
    return try Self.storage { () throws(RocksDBError) in try database.createColumnFamily(named: name) }
  }

  private func drop(_ family: ColumnFamily) throws(ViewFault) {
    try Self.storage { () throws(RocksDBError) in try database.dropColumnFamily(family) }
  }

  private static func storage<R>(_ body: () throws(RocksDBError) -> R) throws(ViewFault) -> R {
    do throws(RocksDBError) { return try body() } catch { throw .storage(error) }
  }
}
