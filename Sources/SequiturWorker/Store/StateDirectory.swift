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
/// (+Access: who may read it; +Files: what stands beside the database; +Opening, +Reopening: the database as a whole; +Partitions: the column
/// families; +Retention: those that are gone; +Header: whose state it is; +Room: a full disk.)
package final class StateDirectory: Sendable {
  let path: String
  /// Whether the store was there when it was opened.
  let isKept: Bool
  let logger: Logger
  let options: DatabaseOptions
  /// For the extensions in the other files only.
  let open: Mutex<Open>

  /// What is open now, under the lock.
  struct Open {
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
    try Self.makePrivate(path)
    try Self.probe(path)
    Self.warnOfReaders(path, logger)
    Self.removeRestoreFiles(path)
    if let error = Self.lackOfRoom(path, reservedBytes: options.memtableBytesTotal * 3) {
      throw StateDirectoryFault.noRoom(path: path, reason: error.detail)
    }
    let store = Self.storePath(in: path)
    isKept = FileManager.default.fileExists(atPath: store + "/CURRENT")
    open = Mutex(Open(database: try Self.openDatabase(path, options, logger)))
  }

  /// The database as it is open now.
  var database: Database { open.withLock { $0.database } }

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
}
