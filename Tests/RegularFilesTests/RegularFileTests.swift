import Foundation
import RegularFiles
import Testing

struct RegularFileTests {
  private func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "regular-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
  }

  private func fault(_ path: String, atMost bytesMax: Int = 100, followsLinks: Bool = true) -> RegularFile
    .Fault?
  {
    #expect(throws: RegularFile.Fault.self) {
      try RegularFile.read(path, atMost: bytesMax, followsLinks: followsLinks)
    }
  }

  @Test(arguments: [0, 1, 100]) func `a file up to the limit is read whole`(count: Int) throws {
    try withDirectory { directory in
      let bytes = [UInt8](repeating: 7, count: count)
      try Data(bytes).write(to: URL(filePath: directory + "/file"))
      #expect(try RegularFile.read(directory + "/file", atMost: 100) == bytes)
    }
  }

  @Test func `a longer file is refused with both numbers`() throws {
    try withDirectory { directory in
      try Data(repeating: 7, count: 101).write(to: URL(filePath: directory + "/file"))
      #expect(fault(directory + "/file")?.description == "it has 101 bytes, and 100 are the limit")
    }
  }

  /// A pipe would be waited for, and a device has no end.
  @Test func `what is no regular file is refused at once, and said`() throws {
    try withDirectory { directory in
      #expect(mkfifo(directory + "/pipe", 0o600) == 0)
      #expect(symlink("/dev/zero", directory + "/link") == 0)
      #expect(fault(directory)?.description == "it is a directory and not a regular file")
      #expect(fault(directory + "/pipe")?.description == "it is a pipe and not a regular file")
      #expect(fault("/dev/zero")?.description == "it is a device and not a regular file")
      #expect(fault(directory + "/link")?.description == "it is a device and not a regular file")
      #expect(fault(directory + "/none")?.isMissing == true)
    }
  }

  @Test func `a link is followed only where links may be`() throws {
    try withDirectory { directory in
      try Data([1, 2]).write(to: URL(filePath: directory + "/file"))
      #expect(symlink(directory + "/file", directory + "/link") == 0)
      #expect(try RegularFile.read(directory + "/link", atMost: 2) == [1, 2])
      #expect(
        fault(directory + "/link", followsLinks: false)?.description
          == "it is a symbolic link and not a regular file")
    }
  }
}
