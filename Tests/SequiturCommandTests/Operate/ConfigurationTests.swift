import Foundation
import Logging
import Synchronization
import TestBroker
import Testing

@testable import sequitur

extension SequiturCommandTests {
  /// What a worker would run with, and secrets that stand in files.
  struct PrintConfigTests {
    private struct Row: Decodable {
      let name: String
      let value: String
      let source: String
    }

    private func rows(_ arguments: [String], environment: [String: String] = [:]) async throws -> [String:
      Row]
    {
      let result = try await sequitur(
        ["worker", "--print-config", "--json"] + arguments, environment: environment)
      #expect(result.exit == .code(0), "\(result.standardError)")
      return Dictionary(uniqueKeysWithValues: try result.document([Row].self).map { ($0.name, $0) })
    }

    @Test func `each setting is printed with its value and its source`() async throws {
      try await withFile("a.yaml", Data("lanes: 3\nmemory: 64MB\nkafka: {client.id: one}\n".utf8)) { path in
        let rows = try await rows(
          ["--config", path, "--memory", "128MB", "--no-crash-guard"],
          environment: ["SEQUITUR_LANES": "2", "SEQUITUR_KAFKA_SSL_KEY_PASSWORD": "quite secret"])
        func expect(_ name: String, _ value: String, _ source: String) {
          #expect(rows[name]?.value == value && rows[name]?.source == source, "\(name)")
        }
        expect("lanes", "2", "environment")
        expect("memory", "128MB", "flag")
        expect("crash-guard", "false", "flag")
        expect("envelope", "cloudevents", "default")
        expect("kafka.client.id", "one", "file")
        expect("kafka.ssl.key.password", "[redacted]", "environment")
      }
      let text = try await sequitur(["worker", "--print-config", "--lanes", "2"]).standardOutput
      #expect(text.split(separator: "\n").contains { $0.hasPrefix("lanes = 2 ") && $0.hasSuffix("  # flag") })
    }

    @Test func `a password comes from a file, and is shown nowhere`() async throws {
      try await withFile("password", Data("quite secret\r\n".utf8)) { path in
        for (arguments, environment, source) in [
          (["--kafka", "sasl.password-file=\(path)"], [:], "flag"),
          ([], ["SEQUITUR_KAFKA_SASL_PASSWORD_FILE": path], "environment"),
        ] {
          let row = try #require(
            try await rows(
              arguments + ["--kafka", "sasl.mechanism=PLAIN"], environment: environment)[
                "kafka.sasl.password"])
          #expect(row.value == "[redacted]" && row.source == source)
        }
      }
    }

    @Test(arguments: [
      ("sasl.password-file", true), ("ssl.key.password-file", true), ("ssl.key.location", true),
      ("ssl.ca.location", false),
    ])
    func `a secret's file that everybody may read is told once, and taken`(
      property: String, isSecret: Bool
    ) async throws {
      try await withFile("secret", Data("quite secret\n".utf8)) { path in
        let arguments = [
          "worker", "--print-config", "--kafka", "\(property)=\(path)", "--kafka", "sasl.mechanism=PLAIN",
        ]
        func told() async throws -> Int {
          let result = try await sequitur(arguments)
          #expect(!result.standardError.contains("quite secret"))
          return result.standardError.components(separatedBy: "every user of this machine may read").count - 1
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(try await told() == (isSecret ? 1 : 0))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        #expect(try await told() == 0)
      }
    }

    @Test func `a configuration file that everybody may read is told when it holds a secret`() async throws {
      for (text, count) in [("kafka: {sasl.password: p, sasl.mechanism: PLAIN}\n", 1), ("lanes: 2\n", 0)] {
        try await withFile("a.yaml", Data(text.utf8)) { path in
          try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
          let told = try await sequitur(["worker", "--print-config", "--config", path]).standardError
          #expect(told.components(separatedBy: "every user of this machine").count - 1 == count, "\(told)")
        }
      }
    }

    @Test(arguments: ["", "\n", "two\nlines\n", "\u{0}", nil] as [String?])
    func `a file that holds no secret is told with who named it, and without its text`(text: String?)
      async throws
    {
      let content = text == "\u{0}" ? Data([0xFF, 0xFE]) : Data((text ?? "").utf8)
      try await withFile("password", content) { path in
        let name = text == nil ? path + "-none" : path
        let result = try await sequitur([
          "worker", "--print-config", "--kafka", "ssl.key.password-file=\(name)",
        ])
        #expect(result.exit == .code(2))
        let told = result.standardError
        #expect(told.contains("Expected --kafka ssl.key.password-file to name a file"), "\(told)")
        #expect(!told.contains("lines"))
      }
    }
  }
}

private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A log record as a JSON object.
struct JSONLogTests {
  @Test func `a record is one line of JSON, whatever its values hold`() throws {
    let kept = Lines()
    var logger = Logger(label: "test") { _ in JSONLogHandler { line in kept.add(line) } }
    logger[metadataKey: "level"] = "a name that is taken"
    logger.error(
      "two\nlines \"quoted\"", metadata: ["key": "\u{1B}[31m", "list": ["a", "b"], "object": ["x": "1"]])
    let line = try #require(kept.all.first)
    #expect(!line.contains("\n") && !line.contains("\u{1B}"))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["level"] as? String == "error")
    #expect(object["message"] as? String == "two\nlines \"quoted\"")
    #expect(object["key"] as? String == "\u{1B}[31m")
    #expect(object["list"] as? [String] == ["a", "b"])
    #expect(object["level_"] as? String == "a name that is taken")
    #expect((object["time"] as? String)?.hasSuffix("Z") == true)
  }
}
