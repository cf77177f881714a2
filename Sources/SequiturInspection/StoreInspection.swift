import Foundation
import PartitionEngine
import RocksDB
import Sequitur
import SequiturTopics
import SequiturWorker

/// A look into the store of a worker that does not run.
///
/// Takes the store's lock, as a worker does, and changes no object. All calls block. One thread at a time.
public final class StoreInspection {
  /// The state directory.
  public let path: String
  /// `nil` when the store was never used.
  public let header: StoreHeader?
  private let database: Database
  private let families: [Int32: ColumnFamily]

  /// - Throws: ``StoreInspectionFault``.
  public init(stateDirectory path: String) throws {
    self.path = path
    let store = StateDirectory.storePath(in: path)
    guard FileManager.default.fileExists(atPath: store + "/CURRENT") else {
      throw StoreInspectionFault.noStore(path: path)
    }
    if let reason = StateDirectory.oddity(of: store) {
      throw StoreInspectionFault.unreadable(
        path: path, reason: "it has a file that no worker made (\(reason))")
    }
    var options = DatabaseOptions()
    options.createIfMissing = false
    do throws(RocksDBError) {
      database = try Database(path: store, options: options)
    } catch {
      if error.isLockHeld { throw StoreInspectionFault.inUse(path: path) }
      throw StoreInspectionFault.unreadable(path: path, reason: error.detail)
    }
    do {
      header = try StateDirectory.readHeader(database)
    } catch {
      throw StoreInspectionFault.unreadable(path: path, reason: "\(error)")
    }
    var families: [Int32: ColumnFamily] = [:]
    for name in database.columnFamilyNames {
      if let number = StateDirectory.partition(ofColumnFamily: name) {
        families[number] = database.columnFamily(named: name)
      }
    }
    self.families = families
  }

  deinit { database.close() }

  /// The partitions that the store has something of, ascending.
  public var partitions: [Int32] { families.keys.sorted() }

  /// The object of a key: looked for where the Java client's partitioner puts it, and then everywhere.
  ///
  /// - Throws: ``StoreInspectionFault/unreadable(path:reason:)``.
  public func object(_ key: [UInt8]) throws -> InspectedObject? {
    guard !key.isEmpty else { return nil }
    let first = header.map { Murmur2.partition(of: key, among: $0.partitions) }
    for partition in ([first].compactMap { $0 } + partitions.filter { $0 != first }) {
      if let object = try object(key, in: partition) { return object }
    }
    return nil
  }

  /// Figures of one partition; exact ones read every object.
  public func figures(of partition: Int32, isExact: Bool) throws -> InspectedPartition {
    let family = try family(partition)
    let position = try reading { try PartitionStore(database: database, family: family).position() }
    func property(_ name: String) throws -> Int { Int(try database.intProperty(name, in: family) ?? 0) }
    // The estimate counts the position's own entry.
    var figures = InspectedPartition(
      partition: partition, objects: max(0, try property("rocksdb.estimate-num-keys") - 1), isExact: isExact,
      objectBytes: nil, fileBytes: try property("rocksdb.total-sst-files-size"),
      changelogOffset: position?.changelogOffset, commandPosition: position?.commandPosition,
      incarnation: position?.incarnation)
    guard isExact else { return figures }
    var (count, bytes) = (0, 0)
    var (graves, graveBytes) = (0, 0)
    try forEachRecord(in: partition) { key, record in
      let isGrave = ObjectRecord.isGrave(record)
      if isGrave {
        graves += 1
        graveBytes += key.count + record.count
      } else {
        count += 1
        bytes += key.count + record.count
      }
    }
    figures.objects = count
    figures.objectBytes = bytes
    figures.graves = graves
    figures.graveBytes = graveBytes
    return figures
  }

  /// Calls `body` for each object of a partition, ordered by key.
  public func forEachObject(in partition: Int32, _ body: (InspectedObject) throws -> Void) throws {
    try forEachRecord(in: partition) { key, record in
      guard ObjectRecord.isWellFormed(record) else {
        throw StoreInspectionFault.unreadable(
          path: path, reason: "partition \(partition) holds a record of \(record.count) damaged bytes")
      }
      guard !ObjectRecord(record).isGrave else { return }
      try body(InspectedObject(key: key, partition: partition, record: record))
    }
  }

  /// The same with the bytes as they stand; they must not leave `body`.
  func forEachRecord(
    in partition: Int32, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var options = DatabaseIterator.Options()
    options.fillsCache = false
    options.readaheadBytes = 1 << 20
    var entries = try database.iterator(in: try family(partition), options: options)
    try reading { try entries.seekToFirst() }
    while entries.isValid {
      try entries.withEntry { key, record in
        if !key.isEmpty { try body(key, record) }
      }
      try reading { try entries.next() }
    }
  }

  /// Up to `count` objects' records behind `key` (`nil`: from the first), as copies.
  func records(
    in partition: Int32, after key: [UInt8]?, count: Int
  ) throws -> [(key: [UInt8], record: [UInt8])] {
    var entries = try database.iterator(in: try family(partition))
    // The smallest key above another one is that key and a zero byte; above the position's empty key, too.
    let start = (key ?? []) + [0]
    try reading { try start.withUnsafeBytes { try entries.seek(to: $0) } }
    var records: [(key: [UInt8], record: [UInt8])] = []
    while entries.isValid, records.count < count {
      entries.withEntry { key, record in
        let isGrave = ObjectRecord.isGrave(record)
        if !isGrave { records.append((Array(key), Array(record))) }
      }
      try reading { try entries.next() }
    }
    return records
  }

  private func object(_ key: [UInt8], in partition: Int32) throws -> InspectedObject? {
    guard let family = families[partition] else { return nil }
    return try key.withUnsafeBytes { key in
      guard let slice = try reading({ try database.get(key, in: family) }) else { return nil }
      return slice.withUnsafeBytes { record in
        ObjectRecord.isWellFormed(record) && !ObjectRecord(record).isGrave
          ? InspectedObject(key: key, partition: partition, record: record) : nil
      }
    }
  }

  private func family(_ partition: Int32) throws -> ColumnFamily {
    guard let family = families[partition] else {
      throw StoreInspectionFault.noPartition(path: path, partition: partition)
    }
    return family
  }

  /// RocksDB's errors, as faults of the directory.
  private func reading<Result: ~Copyable>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as RocksDBError {
      throw StoreInspectionFault.unreadable(path: path, reason: error.detail)
    }
  }
}

/// Why a store cannot be looked into.
public enum StoreInspectionFault: Error, Sendable, Hashable, CustomStringConvertible {
  case noStore(path: String)
  case inUse(path: String)
  case unreadable(path: String, reason: String)
  case noPartition(path: String, partition: Int32)

  /// What was expected, what was found, and what to do.
  public var description: String {
    switch self {
    case .noStore(let path):
      "Expected a worker's state directory at \(path), but there is no store in it. "
        + "Name the directory that the worker was given (--state-dir)."
    case .inUse(let path):
      "Expected the worker of the state directory \(path) to be stopped, but it holds the store's lock. "
        + "Stop it first, or look into a copy of the directory."
    case .unreadable(let path, let reason):
      "Expected to read the store in \(path), but \(reason). A worker that finds this sets the store aside "
        + "and rebuilds it from the changelog."
    case .noPartition(let path, let partition):
      "Expected partition \(partition) in the store in \(path), but it holds nothing of it."
    }
  }
}
