import Foundation
import TestBroker
import Testing

@testable import sequitur

extension SequiturCommandTests {
  struct HostNameTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
      let path = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("run")).path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      chmod(path, 0o700)
      defer { try? FileManager.default.removeItem(atPath: path) }
      try body(path)
    }

    @Test func `one worker of a host has the host's name, and another application's has it too`() throws {
      try withDirectory { directory in
        #expect(HostName.claim("orders-1", for: "a", in: directory))
        #expect(!HostName.claim("orders-1", for: "a", in: directory))
        #expect(HostName.claim("orders-1", for: "b", in: directory))
        #expect(HostName.claim("orders-2", for: "a", in: directory))
        // No name leads out of the directory.
        #expect(HostName.claim("../../x", for: "..", in: directory))
        let made = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(made.count == 4)
      }
    }

    @Test func `what stands in the lock's place is not followed, waited for or written to`() throws {
      try withDirectory { directory in
        let target = directory + "/target"
        symlink(target, directory + "/sequitur-a-1.lock")
        mkfifo(directory + "/sequitur-a-2.lock", 0o600)
        symlink("/dev/null", directory + "/sequitur-a-3.lock")
        mkdir(directory + "/sequitur-a-4.lock", 0o700)
        for id in ["1", "2", "3", "4"] { #expect(!HostName.claim(id, for: "a", in: directory)) }
        #expect(!FileManager.default.fileExists(atPath: target))
      }
    }

    @Test func `locks are only made where nobody else may write`() throws {
      try withDirectory { directory in
        #expect(HostName.runDirectory(["XDG_RUNTIME_DIR": directory], root: "/none") == directory)
        #expect(HostName.runDirectory([:], root: directory) == directory)
        let fallback = try #require(HostName.runDirectory([:], root: "/none"))
        #expect(fallback.hasSuffix("/sequitur-\(geteuid())"))
        for wide: mode_t in [0o777, 0o770, 0o702] {
          chmod(directory, wide)
          #expect(HostName.runDirectory(["XDG_RUNTIME_DIR": directory], root: "/none") == fallback)
        }
        chmod(directory, 0o700)
        symlink(directory, directory + "/link")
        for odd in ["run", "", directory + "/link", directory + "/none", "/dev/null"] {
          #expect(HostName.runDirectory(["XDG_RUNTIME_DIR": odd], root: "/none") == fallback)
        }
      }
    }

    @Test func `the host has a name`() { #expect(!HostName.current.isEmpty) }
  }
}
