import Foundation
import RocksDB

extension StateDirectory {
  /// Bytes of the disk that a store leaves free: two times what its memtables may grow to, for a flush and a compaction.
  ///
  /// Flushes begin at `memtableBytesTotal`, and drains wait at half as much again (`MemoryBudget.memtableBytesMax`).
  var reservedBytes: Int { 2 * (options.memtableBytesTotal + options.memtableBytesTotal / 2) }

  /// Why nothing is written now; `nil`: there is room.
  ///
  /// Looked at before each write, since RocksDB must not run into a full disk: Debian's build has its
  /// assertions on, and one of them ends the process when a file is used after a failed write
  /// (`AssertFalseAndGetStatusForPrevError`, writable_file_writer.h). A disk whose size cannot be told has room.
  func lackOfRoom() -> RocksDBError? { Self.lackOfRoom(path, reservedBytes: reservedBytes) }

  /// Bytes that are free on the store's disk; nil when it does not tell.
  var freeBytes: Int? { Self.freeBytes(path) }

  private static func freeBytes(_ path: String) -> Int? {
    var information = statvfs()
    guard statvfs(path, &information) == 0 else { return nil }
    return Int(clamping: UInt64(information.f_bavail) * UInt64(information.f_frsize))
  }

  static func lackOfRoom(_ path: String, reservedBytes: Int) -> RocksDBError? {
    guard let free = freeBytes(path), free < reservedBytes else { return nil }
    return RocksDBError(
      code: .noSpace, operation: "write the store", path: path,
      detail: "the disk has \(free >> 20) MB free, and the store leaves \(reservedBytes >> 20) MB free")
  }

  /// The same as an error.
  func checkRoom() throws(RocksDBError) {
    if let error = lackOfRoom() { throw error }
  }
}
