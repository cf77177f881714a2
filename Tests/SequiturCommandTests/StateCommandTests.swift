import Foundation
import TestBroker
import Testing

@testable import sequitur

extension SequiturCommandTests {
  /// What `sequitur state` says when nothing can come of it; its figures are checked where stores are made.
  struct StateCommandTests {
    @Test(arguments: [("", "0"), (String(repeating: "k", count: 1025), "1,025")])
    func `a key that no object can have is refused`(key: String, bytes: String) async throws {
      let result = try await sequitur(["state", "get", key])
      #expect(result.exit == .code(2))
      #expect(
        result.standardError.contains("Expected an object's key of 1 to 1,024 bytes, but it has \(bytes)."),
        "\(result.standardError)")
    }

    @Test func `an empty hexadecimal key is refused`() async throws {
      let result = try await sequitur(["state", "get", "--hex", ""])
      #expect(result.exit == .code(2))
      #expect(result.standardError.contains("1 to 1,024 bytes"), "\(result.standardError)")
    }

    @Test func `a store is not compared with itself, whatever it is called`() async throws {
      try await withFile("empty", Data()) { file in
        let directory = URL(filePath: file).deletingLastPathComponent()
        let link = directory.appending(path: "link")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: directory)
        for other in [
          directory.path, directory.path + "/", directory.path + "/../\(directory.lastPathComponent)",
          link.path,
        ] {
          let result = try await sequitur(["state", "diff", "--state-dir", directory.path, other])
          #expect(result.exit == .code(2))
          #expect(result.standardError.contains("is the same one"), "\(result.standardError)")
        }
      }
    }
  }
}
