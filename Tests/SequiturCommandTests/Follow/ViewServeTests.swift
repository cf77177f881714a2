import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// `sequitur view --serve`.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct ViewServeTests {
    /// A served view of topics that a test writes.
    private func withServer(
      _ log: AuditLog, _ more: [String] = [],
      _ body: (_ program: RunningProgram, _ url: String) async throws -> Void
    ) async throws {
      try await RunningProgram.with(
        BuiltProgram.find("sequitur"),
        arguments: ["view", "--serve", "127.0.0.1:0"] + log.topics.arguments + more
      ) { program in
        try await program.waitForOutput(containing: "/objects", timeout: .seconds(60))
        let line = program.output.standardError
        let url = try #require(line.firstMatch(of: /(http:\/\/\S+)\/objects/).map { String($0.1) })
        try await eventually("the view to be current") {
          try await get(url + "/status").body.contains(#""phase":"current""#)
        }
        try await body(program, url)
        program.terminate()
        #expect(try await program.waitForExit(timeout: .seconds(30)).exit == .code(0))
      }
    }

    private func get(_ url: String) async throws -> (status: Int, body: String) {
      let result = try await RunningProgram.run(
        "curl", arguments: ["-s", "--max-time", "20", "-w", "%{http_code}", url])
      let text = result.output.standardOutput
      return (Int(text.suffix(3)) ?? 0, String(text.dropLast(3)))
    }

    private func write(_ log: AuditLog, _ key: String, _ version: Int, _ value: String?) throws {
      try log.write([log.state(key: key, version: version, value), log.checkpoint(version)])
    }

    @Test func `an object, a page and their positions are answered`() async throws {
      let log = try AuditLog()
      try log.write([
        log.state(key: "a/b c", version: 1, #"{"n":12345678901234567890.10}"#),
        log.state(key: "plain", version: 2, "no JSON"), log.checkpoint(4),
      ])
      try await withServer(log) { _, url in
        let object = try await get(url + "/objects/a%2Fb%20c")
        #expect(object.status == 200)
        #expect(
          object.body
            == #"{"key":"a/b c","state":{"n":12345678901234567890.10},"version":1,"position":"0-3"}"#
            + "\n")
        #expect(try await get(url + "/objects/plain").body.contains(#""base64":"bm8gSlNPTg==""#))
        let missing = try await get(url + "/objects/nobody")
        #expect(missing.status == 404 && missing.body.contains(#""code":"not-found""#))
        let first = try await get(url + "/objects?limit=1")
        #expect(first.status == 200 && first.body.contains(#""positions":{"0":"0-3"}"#))
        let after = first.body.contains("plain") ? "plain" : "a%2Fb%20c"
        let second = try await get(url + "/objects?limit=1&after=\(after)")
        #expect(
          second.body.contains("\"key\"") && second.body.contains("plain") != first.body.contains("plain"))
        for query in [
          "limit=0", "limit=x", "nonsense=1", "after=%zz", "token=7", "limit=1&limit=2", "timeout=-1",
        ] {
          let answer = try await get(url + "/objects?\(query)")
          #expect(answer.status == 400 && answer.body.contains("malformed"), "\(query)")
        }
      }
    }

    @Test func `a token is waited for, and what is missing is said`() async throws {
      let log = try AuditLog()
      try write(log, "a", 1, #"{"n":1}"#)
      try await withServer(log) { _, url in
        let waiting = Task { try await get(url + "/objects/a?token=0-1&timeout=20") }
        try write(log, "a", 2, #"{"n":2}"#)
        let answer = try await waiting.value
        #expect(answer.status == 200 && answer.body.contains(#""n":2"#))
        let missing = try await get(url + "/objects/a?token=0-9&timeout=0.05")
        #expect(missing.status == 504)
        #expect(
          missing.body.contains("it stands at 0-1, 8 short") && missing.body.contains(#""reached":"0-1""#))
      }
    }

    @Test func `changes come as events, and go on behind the last one that was seen`() async throws {
      let log = try AuditLog()
      try write(log, "a", 1, #"{"n":1}"#)
      try await withServer(log) { _, url in
        let page = try await get(url + "/objects")
        let event = try #require(page.body.firstMatch(of: /"event":"([^"]+)"/).map { String($0.1) })
        // Before anybody listens.
        try write(log, "a", 2, #"{"n":2}"#)
        try await RunningProgram.with(
          "curl", arguments: ["-sN", "-H", "Last-Event-ID: \(event)", url + "/changes"]
        ) { curl in
          try await curl.waitForOutput(
            containing:
              #"data: {"key":"a","old":{"n":1},"state":{"n":2},"version":2,"position":"0-1"}"#,
            timeout: .seconds(60))
          try write(log, "a", 3, nil)
          try await curl.waitForOutput(
            containing: #"data: {"key":"a","old":{"n":2},"state":null,"version":null,"position":"0-2"}"#,
            timeout: .seconds(60))
          #expect(!curl.output.standardOutput.contains("event: reset"))
        }
      }
    }

    @Test func `a directory goes on after a restart, and wrong usage is told`() async throws {
      let log = try AuditLog()
      try write(log, "a", 1, #"{"n":1}"#)
      let directory = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("served"))
        .path
      defer { try? FileManager.default.removeItem(atPath: directory) }
      for _ in 0..<2 {
        try await withServer(log, ["--directory", directory]) { _, url in
          let body = try await get(url + "/objects/a").body
          #expect(body.contains(#""n":1"#))
        }
      }
      let usages: [([String], String)] = [
        (["--serve", "127.0.0.1:0", "--print"], "--print or --serve"),
        (["--print", "--directory", directory], "--directory with --serve"),
        (["--serve", "127.0.0.1:0", "--until-caught-up"], "--until-caught-up with --print"),
        (["--serve", "nowhere"], "it names no port"),
      ]
      for (arguments, text) in usages {
        let result = try await sequitur(["view"] + arguments + log.topics.arguments)
        #expect(result.exit == .code(2) && result.standardError.contains(text), "\(result.standardError)")
      }
    }
  }
}
