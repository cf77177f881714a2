import RocksDB

extension RocksDBError {
  /// Whether files are damaged or gone. A disk that gives no answer (EIO) is not: it may come back.
  var isDamage: Bool {
    isCorruption || (code == .ioError && detail.contains("No such file or directory"))
  }

  /// Whether the store was dropped or opened anew meanwhile.
  var isStale: Bool { code == .closed || code == .columnFamilyDropped }
}
