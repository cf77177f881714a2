import Foundation
import Logging
import RegularFiles
import RocksDB

/// Opens the database; moves a damaged one aside.
extension StateDirectory {
  static func openDatabase(
    _ path: String, _ options: DatabaseOptions, _ logger: Logger
  ) throws -> Database {
    let store = storePath(in: path)
    try makePrivate(store)
    if let reason = oddity(of: store) {
      let aside = try setAside(store)
      logger.error(
        "the local store has a file that no worker made; it was set aside and is rebuilt from the changelog",
        metadata: ["why": "\(reason)", "aside": "\(aside)"])
      try makePrivate(store)
    }
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
      try makePrivate(store)
      return try Database(path: store, options: options)
    }
  }

  /// Moves a store away, and deletes those moved before: one is enough to look at, and they fill the disk.
  static func setAside(_ store: String) throws -> String {
    let files = FileManager.default
    let directory = FilePlace.directory(of: store)
    let prefix = FilePlace.name(of: store) + ".damaged-"
    for name in try files.contentsOfDirectory(atPath: directory) where name.hasPrefix(prefix) {
      try files.removeItem(atPath: directory + "/" + name)
    }
    let aside = "\(store).damaged-\(Int(Date().timeIntervalSince1970))"
    try files.moveItem(atPath: store, toPath: aside)
    return aside
  }
}
