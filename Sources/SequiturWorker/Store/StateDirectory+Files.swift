import Foundation
import RegularFiles

/// What stands in the directory beside the database.
extension StateDirectory {
  package static func storePath(in directory: String) -> String { directory + "/store" }

  /// Where a restore writes a table file before it is added to the store; on the same file system.
  func restoreFile(of partition: Int32) -> String { path + "/restore-\(partition).sst" }

  /// The name under which this directory's worker is known when it was given none: random, and kept, so that
  /// a restart in place ends the transaction its predecessor left open.
  ///
  /// A file that holds something else, or is none, is damage: told, and begun anew.
  func instanceID() throws -> String {
    let file = path + "/instance-id"
    do throws(RegularFile.Fault) {
      let bytes = try RegularFile.read(file, atMost: Self.instanceFileBytesMax, followsLinks: false)
      let kept = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      if Self.isInstanceID(kept) { return kept }
      logger.warning("the instance id cannot be read and is drawn anew", metadata: ["file": "\(file)"])
    } catch {
      if !error.isMissing {
        logger.warning(
          "the instance id cannot be read and is drawn anew",
          metadata: ["file": "\(file)", "why": "\(error)"])
      }
    }
    let fresh = UUID().uuidString.lowercased()
    try Self.write(fresh + "\n", to: file)
    return fresh
  }

  private static let instanceFileBytesMax = 256

  /// What may be part of a transactional id.
  private static func isInstanceID(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || "-._".utf8.contains(byte)
      }
  }

  /// Looks whether the directory can be written to.
  static func probe(_ path: String) throws {
    // Not access(2): it lets root through where the file system is read-only only by its mount.
    let probe = path + "/.probe-\(getpid())"
    unlink(probe)
    let descriptor = Foundation.open(probe, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StateDirectoryFault.notWritable(path) }
    Foundation.close(descriptor)
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
