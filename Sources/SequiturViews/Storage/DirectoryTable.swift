import RocksDB
import Synchronization

/// One partition's objects in a column family: by key the version, 8 bytes little-endian, and the state behind it; under the
/// empty key, which no object may have, the mark.
///
/// Position and states are in one write of one column family, so that any crash leaves a state that existed. The write-ahead log
/// is off: a crash goes back to the last flush, and the changelog has the rest.
final class DirectoryTable<Value: Sendable>: ViewTable {
  private static var versionBytes: Int { 8 }

  private let database: Database
  private let family: ColumnFamily
  private let room: DiskRoom
  private let decode: @Sendable (ArraySlice<UInt8>) throws -> Value
  private let written: Mutex<ViewMark>

  init(
    _ database: Database, _ family: ColumnFamily, _ room: DiskRoom, now: Int64,
    decode: @escaping @Sendable (ArraySlice<UInt8>) throws -> Value
  ) throws(ViewFault) {
    self.database = database
    self.family = family
    self.room = room
    self.decode = decode
    var mark: ViewMark?
    do throws(RocksDBError) {
      mark = try Self.withBytes(of: []) { key throws(RocksDBError) in
        try database.withValue(of: key, in: family) { bytes throws(RocksDBError) in
          guard let bytes else { return nil }
          guard let mark = ViewMark(bytes) else {
            throw RocksDBError(
              code: .corruption, operation: "read the position of \(family.name)", path: database.path,
              detail: "it is not one")
          }
          return mark
        }
      }
    } catch {
      throw .storage(error)
    }
    written = Mutex(mark ?? ViewMark(position: nil, currentAt: now, currentEnd: nil))
  }

  var mark: ViewMark { written.withLock { $0 } }

  func object(_ key: [UInt8]) throws(ViewFault) -> StoredObject<Value>? {
    let bytes: [UInt8]?
    do throws(RocksDBError) {
      bytes = try Self.withBytes(of: key) { key throws(RocksDBError) in
        try database.withValue(of: key, in: family) { $0.map { Array($0) } }
      }
    } catch {
      throw .storage(error)
    }
    return try bytes.map { bytes throws(ViewFault) in try object(key, bytes) }
  }

  func write(_ entries: [ViewEntry<Value>], _ mark: ViewMark) throws(ViewFault) {
    do throws(RocksDBError) {
      try room.check()
      var batch = WriteBatch(for: database)
      for entry in entries {
        if let object = entry.object {
          var value = withUnsafeBytes(of: object.version.littleEndian) { Array($0) }
          value += entry.bytes
          try Self.put(entry.key, value[...], in: family, &batch)
        } else {
          try Self.withBytes(of: entry.key) { key throws(RocksDBError) in try batch.delete(key, in: family) }
        }
      }
      try Self.put([], mark.bytes[...], in: family, &batch)
      try database.write(&batch)
    } catch {
      throw .storage(error)
    }
    written.withLock { $0 = mark }
  }

  func flush() throws(ViewFault) {
    do throws(RocksDBError) {
      try room.check()
      try database.flush(family, wait: false)
    } catch {
      throw .storage(error)
    }
  }

  func page(
    after key: [UInt8]?, limit: Int
  ) throws(ViewFault) -> [(key: [UInt8], object: StoredObject<Value>)] {
    var page: [(key: [UInt8], bytes: [UInt8])] = []
    do throws(RocksDBError) {
      var iterator = try database.iterator(in: family)
      // Behind the key itself; and behind the mark, which has the empty one.
      try Self.withBytes(of: (key ?? []) + [0]) { start throws(RocksDBError) in try iterator.seek(to: start) }
      while iterator.isValid, page.count < limit {
        iterator.withEntry { page.append((Array($0), Array($1))) }
        try iterator.next()
      }
    } catch {
      throw .storage(error)
    }
    var objects: [(key: [UInt8], object: StoredObject<Value>)] = []
    for entry in page { objects.append((entry.key, try object(entry.key, entry.bytes))) }
    return objects
  }

  func isOrdered(_ first: [UInt8], before second: [UInt8]) -> Bool { first.lexicographicallyPrecedes(second) }

  private func object(_ key: [UInt8], _ bytes: [UInt8]) throws(ViewFault) -> StoredObject<Value> {
    guard bytes.count >= Self.versionBytes else {
      throw .storage(
        RocksDBError(
          code: .corruption, operation: "read an object of \(family.name)", path: database.path,
          detail: "it has \(bytes.count) bytes"))
    }
    let version = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    let state = bytes[Self.versionBytes...]
    do {
      return StoredObject(
        value: try decode(state), version: version, digest: state.hashValue, byteCount: state.count)
    } catch {
      throw .undecodableStored(
        path: database.path, key: ViewKey(bytes: key).description, reason: "\(error)")
    }
  }

  static func put(
    _ key: [UInt8], _ value: ArraySlice<UInt8>, in family: ColumnFamily, _ batch: inout WriteBatch
  ) throws(RocksDBError) {
    try withBytes(of: key) { key throws(RocksDBError) in
      try withBytes(of: Array(value)) { value throws(RocksDBError) in try batch.put(key, value, in: family) }
    }
  }

  static func withBytes<R>(
    of bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(RocksDBError) -> R
  ) throws(RocksDBError) -> R {
    try bytes.span.bytes.withUnsafeBytes { bytes throws(RocksDBError) in try body(bytes) }
  }
}
