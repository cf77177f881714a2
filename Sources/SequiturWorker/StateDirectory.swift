import Foundation
import Logging
import RocksDB
import Synchronization

/// A worker's local store: one RocksDB database with one column family per partition.
///
///     <state directory>/instance-id   names this worker in transactional ids, when it was given no name
///     <state directory>/attempts      the command that each partition is executing (CrashGuard.swift)
///     <state directory>/store/        the database; its lock keeps a second worker out
///
/// What is damaged is set aside and rebuilt from the changelog: the changelog is the truth, the store a copy.
/// Damage seen at the open, or by a compaction, concerns the whole database (`store.damaged-…`); damage seen
/// by a read concerns one partition, whose column family is dropped.
///
/// (StateDirectory+Header.swift: whose state it is; StateDirectory+Retention.swift: partitions that are gone.)
final class StateDirectory: Sendable {
  let path: String
  /// Whether the store was there when it was opened.
  let isKept: Bool
  let logger: Logger
  let options: DatabaseOptions
  private let open: Mutex<Open>

  private struct Open {
    var database: Database
    var stores: [Int32: PartitionStore] = [:]
    /// Partitions whose column family is damaged: emptied before they are restored.
    var damaged: Set<Int32> = []
    /// The database was closed and could not be opened again yet.
    var isClosed = false
    /// Whose store it is, to be written into a new one.
    var header: StoreHeader?
  }

  init(path: String, options: DatabaseOptions, logger: Logger) throws {
    self.path = path
    self.logger = logger
    self.options = options
    try Self.probe(path)
    Self.removeRestoreFiles(path)
    if let error = Self.lackOfRoom(path, reservedBytes: options.memtableBytesTotal * 3) {
      throw StateDirectoryFault.notWritable(path: path, reason: error.detail)
    }
    let store = Self.storePath(in: path)
    isKept = FileManager.default.fileExists(atPath: store + "/CURRENT")
    open = Mutex(Open(database: try Self.openDatabase(path, options, logger)))
  }

  static func storePath(in directory: String) -> String { directory + "/store" }

  static func columnFamilyName(_ partition: Int32) -> String { "partition-\(partition)" }

  static func partition(ofColumnFamily name: String) -> Int32? {
    name.hasPrefix("partition-") ? Int32(name.dropFirst("partition-".count)) : nil
  }

  /// The database as it is open now.
  var database: Database { open.withLock { $0.database } }

  // MARK: Partitions

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

  /// Where a restore writes a table file before it is added to the store; on the same file system.
  func restoreFile(of partition: Int32) -> String { path + "/restore-\(partition).sst" }

  // MARK: The whole

  /// Opens the database again, since RocksDB takes no write after a background error until then.
  ///
  /// All stores handed out before refuse every call from here on; their partitions must be restored anew.
  ///
  /// - Parameter isDamaged: begins an empty database, and sets the old one aside.
  func reopen(isDamaged: Bool) throws {
    try open.withLock { open in
      if !open.isClosed { open.header = try? Self.readHeader(open.database) ?? open.header }
      close(&open)
      if isDamaged { try setAside("a write found it damaged") }
      try openAgain(&open)
    }
    logger.notice("the store was opened again", metadata: ["path": "\(path)", "emptied": "\(isDamaged)"])
  }

  /// Begins an empty database in place of one that is not ours to go on with.
  func replaceStore(because reason: String) throws {
    try open.withLock { open in
      close(&open)
      try setAside(reason)
      try openAgain(&open)
    }
  }

  private func close(_ open: inout Open) {
    open.stores = [:]
    open.damaged = []
    open.isClosed = true
    open.database.close()
  }

  private func openAgain(_ open: inout Open) throws {
    open.database = try retryingWhileLocked { try Self.openDatabase(path, options, logger) }
    open.isClosed = false
    // A database that was begun anew has no header; the worker has checked the one before.
    if let header = open.header, try Self.readHeader(open.database) == nil {
      try Self.write(header, to: open.database)
    }
  }

  /// Writes all partitions' memory to the disk.
  func flush(wait: Bool) {
    guard lackOfRoom() == nil else { return }
    let stores = open.withLock { $0.stores }
    for (partition, store) in stores.sorted(by: { $0.key < $1.key }) {
      do throws(RocksDBError) {
        try store.flush(wait: wait)
      } catch {
        logger.warning("a flush failed", metadata: ["partition": "\(partition)", "error": "\(error)"])
      }
    }
  }

  func close() {
    // Closing flushes. Without room that could end the process; the process's own end closes the rest.
    guard lackOfRoom() == nil else {
      logger.warning("the store is not closed, since the disk is full; the next start replays more")
      return
    }
    open.withLock { close(&$0) }
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

  // MARK: Opening

  private static func probe(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw StateDirectoryFault.notWritable(path: path, reason: error.localizedDescription)
    }
    // Not access(2): it lets root through where the file system is read-only only by its mount.
    let probe = path + "/.probe-\(getpid())"
    guard FileManager.default.createFile(atPath: probe, contents: Data()) else {
      let reason = errno == ENOSPC ? "the disk is full" : String(cString: strerror(errno))
      throw StateDirectoryFault.notWritable(path: path, reason: reason)
    }
    unlink(probe)
  }

  /// What a restore that was killed left behind.
  private static func removeRestoreFiles(_ path: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    for name in names where name.hasPrefix("restore-") && name.hasSuffix(".sst") {
      unlink(path + "/" + name)
    }
  }

  private static func openDatabase(
    _ path: String, _ options: DatabaseOptions, _ logger: Logger
  ) throws -> Database {
    let store = storePath(in: path)
    do throws(RocksDBError) {
      return try Database(path: store, options: options)
    } catch {
      if error.isLockHeld { throw StateDirectoryFault.inUse(path: path) }
      if error.isReadOnly { throw StateDirectoryFault.notWritable(path: path, reason: error.detail) }
      guard error.isDamage else { throw error }
      let aside = try setAside(store)
      logger.error(
        "the local store is damaged; it was set aside and is rebuilt from the changelog",
        metadata: ["error": "\(error)", "aside": "\(aside)"])
      return try Database(path: store, options: options)
    }
  }

  private static func drop(_ partition: Int32, _ open: inout Open) throws {
    open.stores[partition] = nil
    if let family = open.database.columnFamily(named: columnFamilyName(partition)) {
      try open.database.dropColumnFamily(family)
    }
  }

  private func setAside(_ reason: String) throws {
    let aside = try retryingWhileLocked { try Self.setAside(Self.storePath(in: path)) }
    logger.error(
      "the local store was set aside and is rebuilt from the changelog",
      metadata: ["why": "\(reason)", "aside": "\(aside)"])
  }

  /// Moves a store away, and deletes those moved before: one is enough to look at, and they fill the disk.
  private static func setAside(_ store: String) throws -> String {
    let files = FileManager.default
    let directory = (store as NSString).deletingLastPathComponent
    let prefix = (store as NSString).lastPathComponent + ".damaged-"
    for name in try files.contentsOfDirectory(atPath: directory) where name.hasPrefix(prefix) {
      try files.removeItem(atPath: directory + "/" + name)
    }
    let aside = "\(store).damaged-\(Int(Date().timeIntervalSince1970))"
    try files.moveItem(atPath: store, toPath: aside)
    return aside
  }

  /// A closed database keeps its lock until the last call on it has returned.
  private func retryingWhileLocked<Result>(_ body: () throws -> Result) throws -> Result {
    for _ in 0..<100 {
      do {
        return try body()
      } catch StateDirectoryFault.inUse {
        Thread.sleep(forTimeInterval: 0.05)
      }
    }
    return try body()
  }
}

extension RocksDBError {
  /// Whether files are damaged or gone. A disk that gives no answer (EIO) is not: it may come back.
  var isDamage: Bool {
    isCorruption || (code == .ioError && detail.contains("No such file or directory"))
  }

  /// Whether the store was dropped or opened anew meanwhile.
  var isStale: Bool { code == .closed || code == .columnFamilyDropped }
}
