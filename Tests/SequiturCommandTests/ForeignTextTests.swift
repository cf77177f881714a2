import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// What others sent, where a person or a log reads it; and a worker whose log nobody reads any more.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct ForeignTextTests {
    private static let forged =
      "\n2026-01-01T00:00:00Z info sequitur: FORGED \u{1B}[2J\u{9B}1m\u{202E}\u{2028}\u{7F}"

    @Test(arguments: [[], ["--json"]])
    func `verify shows keys, types, codes and states of others as what they are`(arguments: [String])
      async throws
    {
      let log = try AuditLog()
      try log.submit([("key" + Self.forged, "create", "{}"), ("b", "create", "{}")])
      var odd = log.event(key: "key" + Self.forged, version: 7, type: "type" + Self.forged, command: 0)
      odd.set("ce_time", Self.forged)
      var unreadable = log.checkpoint(2)
      unreadable.value = Array(Self.forged.utf8)
      try log.write([
        odd, log.rejection(key: "other" + Self.forged, code: "code" + Self.forged, command: 1),
        log.state(key: "key" + Self.forged, version: 3, Self.forged), unreadable, log.checkpoint(2),
      ])
      let result = try await sequitur(["verify"] + arguments + log.topics.arguments)
      #expect(result.exit == .code(1), "\(result)")
      #expect(result.standardOutput.contains("FORGED"))
      #expect(OutputTests.isSafe(result.standardOutput), "\(result)")
      #expect(!result.standardOutput.contains("\n2026-01-01"))
    }

    @Test func `a worker's log has one line a record, whatever stands on the changelog`() async throws {
      let log = try AuditLog()
      try log.submit([("a", "create", "{}")])
      var unreadable = log.checkpoint(0)
      unreadable.value = Array(Self.forged.utf8)
      try log.write([unreadable])
      try await withFile("rules.yaml", Data(OutputTests.rules.utf8)) { rules in
        let directory = URL(filePath: rules).deletingLastPathComponent().path
        let result = try await sequitur(
          [
            "worker", "--rules", rules, "--state-dir", directory + "/state", "--instance-id", "",
            "--log-level", "debug",
            "--until-caught-up",
          ] + log.topics.arguments)
        #expect(result.exit == .code(1), "\(result)")
        #expect(OutputTests.isSafe(result.output.standardError))
        #expect(result.output.standardError.contains("FORGED"))
        #expect(!result.output.standardError.contains("\n2026-01-01"))
      }
    }

    @Test(arguments: ["2>log", ">log 2>&1"])
    func `a worker whose log's reader has gone goes on, and stops in order`(redirection: String) async throws
    {
      let topics = try TopicFixture()
      try await withFile("rules.yaml", Data(OutputTests.rules.utf8)) { rules in
        let directory = URL(filePath: rules).deletingLastPathComponent()
        // The reader ends with the first line of the log.
        let script = "mkfifo log; head -n 1 log >/dev/null & exec \"$0\" \"$@\" \(redirection)"
        try await RunningProgram.with(
          "sh",
          arguments: [
            "-c", script, try BuiltProgram.find("sequitur"), "worker", "--rules", rules, "--state-dir",
            "state",
            "--instance-id", "", "--log-level", "trace",
          ] + topics.arguments, workingDirectory: directory
        ) { worker in
          let sent = try await sequitur(
            ["submit", "-", "--wait"] + topics.arguments,
            input: Data(#"{"key":"a","type":"create","payload":{}}"#.utf8))
          #expect(sent.exit == .code(0), "\(sent)")
          worker.terminate()
          let result = try await worker.waitForExit(timeout: .seconds(30))
          #expect(result.exit == .code(0))
          if redirection == "2>log" {
            #expect(result.standardOutput.hasPrefix("1 command in 1 transaction: 1 accepted"))
          }
        }
      }
    }

    @Test func `a worker's store is its user's alone`() async throws {
      let topics = try TopicFixture()
      try await withFile("rules.yaml", Data(OutputTests.rules.utf8)) { rules in
        let directory = URL(filePath: rules).deletingLastPathComponent().path
        let result = try await RunningProgram.run(
          "sh",
          arguments: [
            "-c", "umask 0; exec \"$0\" \"$@\"", try BuiltProgram.find("sequitur"), "worker", "--rules",
            rules,
            "--state-dir", directory + "/state", "--instance-id", "", "--until-caught-up",
          ] + topics.arguments)
        #expect(result.exit == .code(0), "\(result)")
        let found =
          FileManager.default.enumerator(atPath: directory + "/state")?.allObjects as? [String] ?? []
        #expect(found.contains("store/CURRENT"))
        for name in found + [""] {
          var status = stat()
          #expect(lstat(directory + "/state/" + name, &status) == 0)
          #expect(status.st_mode & 0o077 == 0, "\(name) \(String(status.st_mode, radix: 8))")
        }
      }
    }
  }
}
