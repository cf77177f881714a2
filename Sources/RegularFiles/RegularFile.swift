import Foundation

/// Reads small files that somebody else may have put there.
///
/// Only regular files: a pipe would be waited for, a device has no end. The size is looked at before the content.
package enum RegularFile {
  /// Why a file was not read: a clause that follows "but".
  package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    /// There is nothing of that name.
    package var isMissing = false
  }

  /// The file's content.
  ///
  /// - Parameters:
  ///   - bytesMax: the longest file; a longer one is a fault and is not read.
  ///   - followsLinks: false where a link is a fault as well: nobody but this program makes the file.
  package static func read(
    _ path: String, atMost bytesMax: Int, followsLinks: Bool = true
  ) throws(Fault) -> [UInt8] {
    try check(path, followsLinks: followsLinks)
    // Should it become a pipe in between, it is not waited for.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW)
    let descriptor = open(path, flags)
    guard descriptor >= 0 else { throw system() }
    defer { close(descriptor) }
    let size = try self.size(descriptor)
    guard size <= bytesMax else {
      throw Fault(description: "it has \(size) bytes, and \(bytesMax) are the limit")
    }
    var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
    var count = 0
    while count <= bytesMax {
      let found = bytes.withUnsafeMutableBytes {
        Foundation.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      if found < 0, errno == EINTR { continue }
      guard found >= 0 else { throw system() }
      if found == 0 { break }
      count += found
    }
    guard count <= bytesMax else {
      throw Fault(description: "it has more than \(bytesMax) bytes, which are the limit")
    }
    return Array(bytes[..<count])
  }

  /// Whether every user of this machine may read the file; false when it is not there.
  package static func isOpenToAll(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IROTH != 0
  }

  /// Looks whether the name is that of a regular file, without opening it.
  package static func check(_ path: String, followsLinks: Bool = true) throws(Fault) {
    var status = stat()
    guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { throw system() }
    try check(status)
  }

  private static func size(_ descriptor: Int32) throws(Fault) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw system() }
    try check(status)
    return Int(status.st_size)
  }

  private static func check(_ status: stat) throws(Fault) {
    let kind = status.st_mode & S_IFMT
    guard kind != S_IFREG else { return }
    let name =
      switch kind {
      case S_IFDIR: "a directory"
      case S_IFIFO: "a pipe"
      case S_IFLNK: "a symbolic link"
      case S_IFSOCK: "a socket"
      case S_IFCHR, S_IFBLK: "a device"
      default: "something else"
      }
    throw Fault(description: "it is \(name) and not a regular file")
  }

  private static func system() -> Fault {
    Fault(description: String(cString: strerror(errno)), isMissing: errno == ENOENT)
  }
}
