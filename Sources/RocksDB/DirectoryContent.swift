#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// What a directory holds, seen before RocksDB touches it.
///
/// RocksDB takes a missing `CURRENT` for a new database when it may create one, and later deletes
/// the files it does not know; it looks for write-ahead logs, but not for tables. A first open that
/// was interrupted leaves no `CURRENT` either, but no table yet.
enum DirectoryContent: Equatable {
  /// No directory, no access, or no table in it.
  case noDatabase
  /// `CURRENT` is there.
  case database
  /// Tables without `CURRENT`.
  case dataWithoutCurrent

  init(of path: String) {
    guard access(path + "/CURRENT", F_OK) != 0 else {
      self = .database
      return
    }
    let holdsData = DirectoryContent.names(in: path).contains { $0.hasSuffix(".sst") }
    self = holdsData ? .dataWithoutCurrent : .noDatabase
  }

  private static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      // The name is an array of 256 in the structure, and ends with a zero byte.
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      names.append(name)
    }
    return names
  }
}
