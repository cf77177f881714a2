import Foundation
import TestBroker

/// Real commands: the BPI Challenge 2013 log of Volvo IT (4TU.ResearchData,
/// doi 10.4121/uuid:500573e6-accc-4b0c-9576-aa5468b10cee), as `shared/data` holds it.
enum Incidents {
  static let folder = SharedData.folder

  /// Whether the tests on them can run; says so loudly, once, when they cannot.
  static let areAvailable: Bool = {
    if folder != nil { return TestBroker.isAvailable }
    FileHandle.standardError.write(
      Data("WARNING: tests on real data are SKIPPED: no shared/data; set SEQUITUR_TEST_DATA.\n".utf8))
    return false
  }()

  static var rules: String { file("incidents.yaml") }

  static func expected() throws -> Summary {
    try JSONDecoder().decode(
      Summary.self, from: Data(contentsOf: URL(filePath: file("incidents.expected.json"))))
  }

  /// All commands, in order of time.
  static func commands() async throws -> [Command] { try await loaded.value }

  private static let loaded = Task { try await load() }

  private static func load() async throws -> [Command] {
    struct Line: Decodable {
      let key: String
      let type: String
      let id: String
    }
    let result = try await RunningProgram.run("gzip", arguments: ["-dc", file("incidents.jsonl.gz")])
    let decoder = JSONDecoder()
    return try result.standardOutput.utf8.split(separator: UInt8(ascii: "\n")).map { line in
      let data = Data(line)
      let parsed = try decoder.decode(Line.self, from: data)
      // The payload stands last in its line.
      guard let start = data.range(of: Data("\"payload\":".utf8)) else {
        throw CocoaError(.fileReadCorruptFile)
      }
      let payload = String(
        decoding: data[start.upperBound..<data.index(before: data.endIndex)], as: UTF8.self)
      return Command(parsed.key, parsed.type, payload, id: parsed.id)
    }
  }

  private static func file(_ name: String) -> String {
    (folder ?? URL(filePath: "/")).appending(path: name).path
  }
}

extension [Command] {
  /// The commands cut into so many portions of about the same size.
  func portions(_ count: Int) -> [[Command]] {
    let size = (self.count + count - 1) / count
    return stride(from: 0, to: self.count, by: size).map {
      Array(self[$0..<Swift.min($0 + size, self.count)])
    }
  }
}
