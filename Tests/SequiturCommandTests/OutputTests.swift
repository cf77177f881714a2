import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// What becomes of text that cannot be written, and of text that would act on a terminal.
  struct OutputTests {
    static let rules = """
      object: order
      states: [open]
      commands:
        create: {from: none, to: open, event: created}
      """

    /// Runs the program by a shell, with its streams redirected.
    private func shell(
      _ script: String, _ arguments: [String], directory: String, environment: [String: String] = [:]
    ) async throws -> ProgramResult {
      try await RunningProgram.run(
        "sh", arguments: ["-c", script, try BuiltProgram.find("sequitur")] + arguments,
        environment: environment, workingDirectory: URL(filePath: directory))
    }

    private func withRules<R>(
      _ text: String = rules, _ body: (_ file: String, _ directory: String) async throws -> R
    ) async throws -> R {
      try await withFile("rules.yaml", Data(text.utf8)) { file in
        try await body(file, URL(filePath: file).deletingLastPathComponent().path)
      }
    }

    @Test(arguments: [
      ["rules", "check", "rules.yaml"], ["rules", "check", "--json", "rules.yaml"],
      ["rules", "draw", "rules.yaml"], ["--help"], ["--version"], ["worker", "--help"],
    ])
    func `a result that a full disk does not take is an error`(arguments: [String]) async throws {
      try await withRules { _, directory in
        let full = try await shell("exec \"$0\" \"$@\" >/dev/full", arguments, directory: directory)
        #expect(full.exit == .code(2))
        #expect(
          full.output.standardError.contains("Expected to write to standard output, but No space left"),
          "\(full)")
        let closed = try await shell("exec \"$0\" \"$@\" >&-", arguments, directory: directory)
        #expect(closed.exit == .code(2))
        #expect(closed.output.standardError.contains("Bad file descriptor"), "\(closed)")
      }
    }

    @Test func `faults that cannot be written on standard error are lost as well`() async throws {
      try await withRules("object: 5") { _, directory in
        let right = try await shell(
          "exec \"$0\" \"$@\"", ["rules", "check", "rules.yaml"], directory: directory)
        #expect(right.exit == .code(1))
        for target in ["2>/dev/full", "2>&-"] {
          let script = "exec \"$0\" \"$@\" \(target)"
          let faults = try await shell(script, ["rules", "check", "rules.yaml"], directory: directory)
          #expect(faults.exit == .code(2))
          let missing = try await shell(script, ["rules", "check", "no-such-file"], directory: directory)
          #expect(missing.exit == .code(2))
          let usage = try await shell(script, ["bogus"], directory: directory)
          #expect(usage.exit == .code(2))
        }
      }
    }

    @Test(arguments: [
      ["rules", "check", "rules.yaml"], ["rules", "draw", "rules.yaml"], ["--help"],
    ])
    func `a reader that has gone ends the program quietly, with a code of its own`(
      arguments: [String]
    ) async throws {
      try await withRules { _, directory in
        let script = """
          mkfifo gone
          { read -r word <gone; "$0" "$@"; echo "code $?" >&2; } | { exec 0<&-; echo go >gone; }
          """
        let result = try await shell(script, arguments, directory: directory)
        #expect(result.output.standardError == "code 141\n")
      }
    }

    @Test func `a stream that is closed does not become a file of the program`() async throws {
      try await withRules { file, directory in
        let script = "exec \"$0\" \"$@\" <&- >&- 2>&-"
        let result = try await shell(script, ["rules", "check", file], directory: directory)
        #expect(result.exit == .code(2))
        #expect(try Data(contentsOf: URL(filePath: file)) == Data(Self.rules.utf8))
      }
    }

    @Test func `what a store's commands print is not lost in silence`() async throws {
      try await withRules { _, directory in
        let demo = try await sequitur(["demo", "--commands", "50", "--json", "--keep", directory + "/kept"])
        #expect(demo.exit == .code(0), "\(demo.standardError)")
        let key = try await sequitur(["state", "dump", "--state-dir", directory + "/kept"]).standardOutput
          .split(separator: "\"")[3]
        for arguments in [["dump"], ["stats"], ["stats", "--json"], ["get", String(key)]] {
          let result = try await shell(
            "exec \"$0\" \"$@\" >/dev/full", ["state"] + arguments + ["--state-dir", "kept"],
            directory: directory)
          #expect(result.exit == .code(2), "\(result)")
          #expect(result.output.standardError.contains("No space left"))
        }
      }
    }

    @Test func `a demo whose output cannot be written ends, and says so`() async throws {
      let demo = ["demo", "--commands", "50"]
      let result = try await shell("exec \"$0\" \"$@\" >/dev/full", demo, directory: "/tmp")
      #expect(result.exit == .code(2))
      #expect(result.output.standardError.contains("No space left"), "\(result)")
    }

    // MARK: Foreign text

    @Test func `names of a rules file forge no line and no escape sequence`() async throws {
      let rules = Self.rules.replacingOccurrences(
        of: "create:", with: #""a\nrules.yaml:1:1: FORGED\e[2J\x9B1m\u202E":"#)
      try await withRules(rules) { _, directory in
        let result = try await shell(
          "exec \"$0\" \"$@\"", ["rules", "check", "rules.yaml"], directory: directory)
        #expect(result.exit == .code(1))
        let text = result.output.standardError
        #expect(text.contains("FORGED") && !text.contains("\nrules.yaml:1:1: FORGED"), "\(text)")
        #expect(Self.isSafe(text))
        let json = try await shell(
          "exec \"$0\" \"$@\"", ["rules", "check", "--json", "rules.yaml"], directory: directory)
        #expect(Self.isSafe(json.standardOutput), "\(json)")
      }
    }

    @Test(arguments: ["two\nlines", "\u{1B}[2J", "\u{9B}2J", "\u{202E}key", "\u{7F}"])
    func `a key on the command line is shown as what it is`(key: String) async throws {
      try await withRules { _, directory in
        let demo = try await sequitur(["demo", "--commands", "10", "--json", "--keep", directory + "/kept"])
        #expect(demo.exit == .code(0), "\(demo.standardError)")
        let result = try await sequitur(["state", "get", key, "--state-dir", directory + "/kept"])
        #expect(result.exit == .code(1))
        #expect(result.output.standardError.contains(#"Expected the object "#))
        #expect(Self.isSafe(result.output.standardError), "\(result)")
        #expect(result.output.standardError.split(separator: "\n").count == 1)
      }
    }

    @Test(arguments: [
      #"{"key":"a","headers":{"x\u001b[2J\nline 2":1}}"#, #"{"\u009b2J\u202e\nfoo":1}"#,
      #"{"key":"a","headers":{"\u0000":"b"}}"#,
    ])
    func `names of submit's input are shown as what they are`(line: String) async throws {
      let topics = try TopicFixture()
      let result = try await sequitur(["submit", "-"] + topics.arguments, input: Data(line.utf8))
      #expect(result.exit == .code(2))
      #expect(Self.isSafe(result.output.standardError), "\(result)")
    }

    /// Nothing but printable characters and line ends.
    static func isSafe(_ text: String) -> Bool {
      text.unicodeScalars.allSatisfy { scalar in
        scalar == "\n"
          || ![.control, .format, .lineSeparator].contains(scalar.properties.generalCategory)
      }
    }
  }
}
