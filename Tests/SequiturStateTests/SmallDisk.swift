import Foundation

/// A file system of a fixed size in memory, to be filled.
struct SmallDisk {
  let path: String
  private let directory: TemporaryDirectory

  /// `nil` when this user may not mount one.
  init?(bytes: Int) throws {
    directory = try TemporaryDirectory()
    path = directory.path
    guard getuid() == 0, Self.run("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path) else {
      return nil
    }
  }

  func makeReadOnly() throws {
    guard Self.run("mount", "-o", "remount,ro", path) else { throw CocoaError(.fileWriteUnknown) }
  }

  var freeBytes: Int {
    var information = statvfs()
    guard statvfs(path, &information) == 0 else { return -1 }
    return Int(UInt64(information.f_bavail) * UInt64(information.f_frsize))
  }

  func unmount() { _ = Self.run("umount", "-l", path) }

  /// Writes a file until there is no more room.
  func fill() throws {
    try Data().write(to: URL(filePath: path + "/ballast"))
    let file = try FileHandle(forWritingTo: URL(filePath: path + "/ballast"))
    for size in [1 << 16, 1 << 12, 1] {
      while (try? file.write(contentsOf: Data(count: size))) != nil {}
    }
    try? file.close()
  }

  func empty() throws { try FileManager.default.removeItem(atPath: path + "/ballast") }

  private static func run(_ words: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
