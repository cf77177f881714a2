import Foundation
import Logging
import RocksDB

/// The database's end, and its opening again within one process.
extension StateDirectory {
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

  func close(_ open: inout Open) {
    open.stores = [:]
    open.damaged = []
    open.isClosed = true
    open.database.close()
  }

  /// Opens the database after it was closed, with the header that its store had.
  func openAgain(_ open: inout Open) throws {
    open.database = try retryingWhileLocked { try Self.openDatabase(path, options, logger) }
    open.isClosed = false
    // A database that was begun anew has no header; the worker has checked the one before.
    if let header = open.header, try Self.readHeader(open.database) == nil {
      try Self.write(header, to: open.database)
    }
  }

  private func setAside(_ reason: String) throws {
    let aside = try retryingWhileLocked { try Self.setAside(Self.storePath(in: path)) }
    logger.error(
      "the local store was set aside and is rebuilt from the changelog",
      metadata: ["why": "\(reason)", "aside": "\(aside)"])
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
