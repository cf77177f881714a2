import Foundation

/// What stands in the directory beside the database.
extension StateDirectory {
  static func storePath(in directory: String) -> String { directory + "/store" }

  /// Where a restore writes a table file before it is added to the store; on the same file system.
  func restoreFile(of partition: Int32) -> String { path + "/restore-\(partition).sst" }

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

  /// Makes the directory, and looks whether it can be written to.
  static func probe(_ path: String) throws {
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
  static func removeRestoreFiles(_ path: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    for name in names where name.hasPrefix("restore-") && name.hasSuffix(".sst") {
      unlink(path + "/" + name)
    }
  }
}
