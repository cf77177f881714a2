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
/// the files it does not know. A first open that was interrupted leaves no `CURRENT` either, but
/// neither a table nor a log with anything in it.
enum DirectoryContent: Equatable {
  /// No directory, no access, or nothing with data in it.
  case noDatabase
  /// `CURRENT` is there.
  case database
  /// Tables, or logs that are not empty, without `CURRENT`.
  case dataWithoutCurrent

  init(of path: String) {
    guard access(path + "/CURRENT", F_OK) != 0 else {
      self = .database
      return
    }
    let names = DirectoryContent.names(in: path)
    let holdsData = names.contains { name in
      name.hasSuffix(".sst") || (name.hasSuffix(".log") && DirectoryContent.size(of: path + "/" + name) > 0)
    }
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

  private static func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}
