import Foundation
import Logging
import RegularFiles

/// Who may read the state: customers' data is in it.
extension StateDirectory {
  /// Makes a directory that only this user may enter, whatever the process's umask; one that is there stays as it is.
  static func makePrivate(_ path: String) throws {
    let parent = FilePlace.directory(of: path)
    do {
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    } catch {
      throw StateDirectoryFault.of(error, path)
    }
    // A umask takes rights away and gives none; the second call gives back what it took.
    if mkdir(path, 0o700) == 0 {
      guard chmod(path, 0o700) == 0 else { throw StateDirectoryFault.notWritable(path) }
    } else {
      var status = stat()
      guard errno == EEXIST, stat(path, &status) == 0 else { throw StateDirectoryFault.notWritable(path) }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw StateDirectoryFault.notWritable(path: path, reason: "it is no directory")
      }
    }
  }

  /// Says when others may read or write what is in the directory.
  static func warnOfReaders(_ path: String, _ logger: Logger) {
    for directory in [path, storePath(in: path)] {
      var status = stat()
      guard stat(directory, &status) == 0, status.st_mode & 0o077 != 0 else { continue }
      logger.warning(
        "others may look into the state directory, which holds objects' states",
        metadata: [
          "path": "\(directory)", "mode": "0\(String(status.st_mode & 0o777, radix: 8))",
          "cure": "chmod 700 \(directory)",
        ])
      return
    }
  }

  /// Writes a small file that only this user may read; it is there as a whole, or not at all.
  static func write(_ text: String, to path: String) throws {
    let fresh = path + ".new"
    unlink(fresh)
    let descriptor = Foundation.open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StateDirectoryFault.notWritable(path) }
    defer { Foundation.close(descriptor) }
    let bytes = Array(text.utf8)
    guard Foundation.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
      rename(fresh, path) == 0
    else { throw StateDirectoryFault.notWritable(path) }
  }

  /// Which file of a store RocksDB did not make, and why; nil when all are regular files.
  ///
  /// RocksDB reads CURRENT to its end, and opens whatever has one of its names: a pipe would be waited for, a link to a
  /// device fills the memory.
  package static func oddity(of store: String) -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: store)) ?? []
    for name in names.sorted() where isStoreFile(name) {
      do throws(RegularFile.Fault) {
        try RegularFile.check(store + "/" + name, followsLinks: false)
      } catch {
        // RocksDB deletes files meanwhile when another process has it open.
        if !error.isMissing { return "\(name): \(error)" }
      }
    }
    do throws(RegularFile.Fault) {
      _ = try RegularFile.read(store + "/CURRENT", atMost: currentBytesMax, followsLinks: false)
    } catch {
      if !error.isMissing { return "CURRENT: \(error)" }
    }
    return nil
  }

  /// It holds the name of a manifest.
  private static let currentBytesMax = 1024

  /// The names that RocksDB gives (filename.cc); a mount's `lost+found` is not among them.
  private static func isStoreFile(_ name: String) -> Bool {
    ["CURRENT", "IDENTITY", "LOCK"].contains(name)
      || ["LOG", "MANIFEST-", "OPTIONS-"].contains(where: name.hasPrefix)
      || [".sst", ".log", ".blob", ".dbtmp"].contains(where: name.hasSuffix)
  }
}
