import Foundation
import LifecycleRules
import Sequitur
import TestBroker
import Testing

/// Real commands: the BPI Challenge 2013 log of Volvo IT (4TU.ResearchData,
/// doi 10.4121/uuid:500573e6-accc-4b0c-9576-aa5468b10cee), as `shared/data` holds it.
struct RealDataTests {
  struct Line: Decodable {
    let key: String
    let type: String
  }

  struct Expected: Decodable, Equatable {
    let events: Int
    let rejections: Int
    let eventTypes: [String: Int]
    let rejectionCodes: [String: Int]
    let objects: Int
    let eventsDigest: String
    let statesDigest: String
  }

  @Test(
    .enabled(
      if: SharedData.folder != nil, "there is no shared/data beside the checkout; set SEQUITUR_TEST_DATA"))
  func `the incidents of a real log come out as an independent program says`() throws {
    let folder = try #require(SharedData.folder)
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: folder.appending(path: "incidents.expected.json")))
    let driver = try RulesDriver(
      String(contentsOf: folder.appending(path: "incidents.yaml"), encoding: .utf8))
    let lines = try run("gzip", ["-dc", folder.appending(path: "incidents.jsonl.gz").path])
    var events: [(key: String, version: Int, type: String)] = []
    var codes: [String: Int] = [:]
    for line in lines.split(separator: UInt8(ascii: "\n")) {
      let command = try JSONDecoder().decode(Line.self, from: Data(line))
      let payload = try #require(Self.payload(of: line))
      switch try driver.send(Array(command.type.utf8), payload, key: command.key) {
      case .event(let type): events.append((command.key, driver.versions[command.key] ?? 0, type))
      case .rejected(let code, _): codes[code.rawValue, default: 0] += 1
      }
    }
    let found = Expected(
      events: events.count, rejections: codes.values.reduce(0, +),
      eventTypes: Dictionary(grouping: events, by: \.type).mapValues(\.count), rejectionCodes: codes,
      objects: driver.states.count, eventsDigest: try eventsDigest(events),
      statesDigest: try statesDigest(driver))
    #expect(found == expected)
  }

  /// The bytes of the member `payload`, which stands last in its line.
  private static func payload(of line: Data) -> [UInt8]? {
    guard let start = line.range(of: Data("\"payload\":".utf8)) else { return nil }
    return Array(line[start.upperBound..<line.index(before: line.endIndex)])
  }

  private func eventsDigest(_ events: [(key: String, version: Int, type: String)]) throws -> String {
    let sorted = events.sorted {
      if $0.key != $1.key { return $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      return ($0.version, $0.type) < ($1.version, $1.type)
    }
    return try sha256(sorted.map { "\($0.key)\t\($0.version)\t\($0.type)\n" }.joined())
  }

  private func statesDigest(_ driver: RulesDriver) throws -> String {
    struct Status: Decodable { let status: String }
    let lines = try driver.states.map { key, bytes in
      let status = try JSONDecoder().decode(Status.self, from: Data(bytes)).status
      return (key, "\(key)\t\(driver.versions[key] ?? 0)\t\(status)\n")
    }
    return try sha256(
      lines.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }.map(\.1).joined())
  }

  private func sha256(_ text: String) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return String(decoding: try run("sha256sum", [file.path]).prefix(64), as: UTF8.self)
  }

  private func run(_ program: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return output
  }
}
