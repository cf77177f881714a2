import Foundation

/// A file system of a fixed size in memory, to be filled.
public struct SmallDisk {
  public let path: String

  /// `nil` when this user may not mount one.
  public init?(bytes: Int) throws {
    path = NSTemporaryDirectory() + TestBroker.uniqueName("disk")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    guard getuid() == 0, Self.run("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path) else {
      return nil
    }
  }

  public func makeReadOnly() throws {
    guard Self.run("mount", "-o", "remount,ro", path) else { throw CocoaError(.fileWriteUnknown) }
  }

  public var freeBytes: Int {
    var information = statvfs()
    guard statvfs(path, &information) == 0 else { return -1 }
    return Int(UInt64(information.f_bavail) * UInt64(information.f_frsize))
  }

  public func unmount() {
    _ = Self.run("umount", "-l", path)
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file until there is no more room.
  public func fill() throws {
    try Data().write(to: URL(filePath: path + "/ballast"))
    let file = try FileHandle(forWritingTo: URL(filePath: path + "/ballast"))
    for size in [1 << 16, 1 << 12, 1] {
      while (try? file.write(contentsOf: Data(count: size))) != nil {}
    }
    try? file.close()
  }

  /// Makes room again, at once: a process that is being spawned may hold the file open for a moment longer, and of a file that
  /// is only removed the room would come back with the last one that has it open.
  public func empty() throws {
    guard truncate(path + "/ballast", 0) == 0 else { throw CocoaError(.fileWriteUnknown) }
    try FileManager.default.removeItem(atPath: path + "/ballast")
  }

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
