import Foundation
import Logging
import RocksDB
import Synchronization

/// A worker's local store: one RocksDB database with one column family per partition.
///
///     <state directory>/instance-id   names this worker in transactional ids, when it was given no name
///     <state directory>/store/        the database; its lock keeps a second worker out
///
/// A store that cannot be opened because it is damaged is set aside (`store.damaged-…`) and rebuilt from the
/// changelog: the changelog is the truth, the store a copy.
final class StateDirectory: Sendable {
  let path: String
  /// Whether the store was there when it was opened.
  let isKept: Bool
  private let database: Database
  private let logger: Logger
  private let stores = Mutex<[Int32: PartitionStore]>([:])

  init(path: String, options: DatabaseOptions, logger: Logger) throws {
    self.path = path
    self.logger = logger
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw StateDirectoryFault.notWritable(path: path, reason: error.localizedDescription)
    }
    guard FileManager.default.isWritableFile(atPath: path) else {
      throw StateDirectoryFault.notWritable(path: path, reason: "permission denied")
    }
    let store = Self.storePath(in: path)
    isKept = FileManager.default.fileExists(atPath: store + "/CURRENT")
    do throws(RocksDBError) {
      database = try Database(path: store, options: options)
    } catch {
      if error.isLockHeld { throw StateDirectoryFault.inUse(path: path) }
      if error.isReadOnly { throw StateDirectoryFault.notWritable(path: path, reason: error.detail) }
      guard error.isCorruption else { throw error }
      let aside = try Self.setAside(store)
      logger.error(
        "the local store is damaged; it was set aside and is rebuilt from the changelog",
        metadata: ["error": "\(error)", "aside": "\(aside)"])
      database = try Database(path: store, options: options)
    }
  }

  static func storePath(in directory: String) -> String { directory + "/store" }

  static func columnFamilyName(_ partition: Int32) -> String { "partition-\(partition)" }

  /// The partition's store, made when it is not there.
  func store(of partition: Int32) throws -> PartitionStore {
    if let store = stores.withLock({ $0[partition] }) { return store }
    let name = Self.columnFamilyName(partition)
    let family = try database.columnFamily(named: name) ?? database.createColumnFamily(named: name)
    let store = PartitionStore(database: database, family: family)
    stores.withLock { $0[partition] = store }
    return store
  }

  /// Empties the partition's store.
  func reset(_ partition: Int32) throws -> PartitionStore {
    stores.withLock { $0[partition] = nil }
    if let family = database.columnFamily(named: Self.columnFamilyName(partition)) {
      try database.dropColumnFamily(family)
    }
    return try store(of: partition)
  }

  /// Writes all partitions' memory to the disk.
  func flush(wait: Bool) {
    for (partition, store) in stores.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      do throws(RocksDBError) {
        try store.flush(wait: wait)
      } catch {
        logger.warning("a flush failed", metadata: ["partition": "\(partition)", "error": "\(error)"])
      }
    }
  }

  func close() {
    stores.withLock { $0.removeAll() }
    database.close()
  }

  /// The name under which this directory's worker is known when it was given none: random, and kept, so that
  /// a restart in place ends the transaction its predecessor left open.
  func instanceID() throws -> String {
    let file = path + "/instance-id"
    if let kept = try? String(contentsOfFile: file, encoding: .utf8), !kept.isEmpty {
      return kept.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let fresh = UUID().uuidString.lowercased()
    try (fresh + "\n").write(toFile: file, atomically: true, encoding: .utf8)
    return fresh
  }

  private static func setAside(_ store: String) throws -> String {
    let aside = "\(store).damaged-\(Int(Date().timeIntervalSince1970))"
    try FileManager.default.moveItem(atPath: store, toPath: aside)
    return aside
  }
}

/// Why a state directory cannot be used.
public enum StateDirectoryFault: Error, Sendable, Hashable, CustomStringConvertible {
  case inUse(path: String)
  case notWritable(path: String, reason: String)

  public var description: String {
    switch self {
    case .inUse(let path):
      "Expected to be the only worker on the state directory \(path), but another one uses it. "
        + "Give each worker a directory of its own (--state-dir)."
    case .notWritable(let path, let reason):
      "Expected to write to the state directory \(path), but \(reason). "
        + "Choose a directory that this user may write to (--state-dir)."
    }
  }
}
