import Foundation
import RocksDB
import Testing

/// A folder of its own for each test, removed with everything in it at the end.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "rocksdb-tests-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The directory of the test's database.
  var database: String { path + "/database" }

  /// Paths of the database's files whose name satisfies `condition`, sorted.
  func files(where condition: (String) -> Bool) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: database)
      .filter(condition).sorted().map { database + "/" + $0 }
  }
}

/// Lends the UTF-8 bytes of `text`; a NULL address when it is empty, as callers may have it.
func withBytes<Result: ~Copyable>(
  _ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result
) rethrows -> Result {
  if text.isEmpty { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
  defer { bytes.deallocate() }
  bytes.copyBytes(from: text.utf8)
  return try body(UnsafeRawBufferPointer(bytes))
}

extension Database {
  /// The column family that every database has.
  func defaultFamily() throws -> ColumnFamily {
    try #require(columnFamily(named: Database.defaultColumnFamilyName))
  }

  /// Writes one entry in a batch of its own.
  func put(
    _ key: String, _ value: String, in family: ColumnFamily, options: WriteOptions = .walDisabled
  ) throws {
    var batch = WriteBatch(for: self)
    try batch.put(key, value, in: family)
    try write(&batch, options: options)
  }

  /// The value as text.
  func text(_ key: String, in family: ColumnFamily) throws -> String? {
    try withBytes(key) { key in
      try withValue(of: key, in: family) { bytes in
        bytes.map { String(decoding: $0, as: UTF8.self) }
      }
    }
  }

  /// All entries from `start` on, as "key=value".
  func entries(
    in family: ColumnFamily, from start: String? = nil,
    options: DatabaseIterator.Options = DatabaseIterator.Options()
  ) throws -> [String] {
    var iterator = try iterator(in: family, options: options)
    if let start {
      try withBytes(start) { try iterator.seek(to: $0) }
    } else {
      try iterator.seekToFirst()
    }
    var entries: [String] = []
    while iterator.isValid {
      entries.append(
        iterator.withEntry { String(decoding: $0, as: UTF8.self) + "=" + String(decoding: $1, as: UTF8.self) }
      )
      try iterator.next()
    }
    return entries
  }
}

extension WriteBatch {
  mutating func put(_ key: String, _ value: String, in family: ColumnFamily) throws {
    let key = Array(key.utf8)
    let value = Array(value.utf8)
    try key.withUnsafeBytes { key in
      try value.withUnsafeBytes { value in try put(key, value, in: family) }
    }
  }

  mutating func delete(_ key: String, in family: ColumnFamily) throws {
    try Array(key.utf8).withUnsafeBytes { try delete($0, in: family) }
  }
}

/// The error that `body` throws, or a failed test.
func rocksDBError(
  _ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) throws -> RocksDBError {
  try #require(#expect(throws: RocksDBError.self, sourceLocation: sourceLocation) { try body() })
}
