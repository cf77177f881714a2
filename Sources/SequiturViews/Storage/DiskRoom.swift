import Foundation
import RocksDB

/// Whether there is room to write.
///
/// Looked at before each write, since RocksDB must not run into a full disk: Debian's build has its assertions on, and one of
/// them ends the process when a file is used after a failed write (`AssertFalseAndGetStatusForPrevError`,
/// writable_file_writer.h). A disk whose size cannot be told has room.
struct DiskRoom: Sendable {
  let path: String
  /// What is left free: two times what the memtables may grow to, for a flush and a compaction.
  let reservedBytes: Int

  func check() throws(RocksDBError) {
    var information = statvfs()
    guard statvfs(path, &information) == 0 else { return }
    let free = Int(clamping: UInt64(information.f_bavail) * UInt64(information.f_frsize))
    guard free < reservedBytes else { return }
    throw RocksDBError(
      code: .noSpace, operation: "write the view", path: path,
      detail: "the disk has \(free >> 20) MB free, and the view leaves \(reservedBytes >> 20) MB free")
  }
}
