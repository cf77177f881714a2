import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// Names of files, and other arguments, that are not as people choose them.
  struct ForeignNameTests {
    private let rules =
      "object: order\nstates: [open]\ncommands: {create: {from: none, to: open, event: created}}\n"
      + "examples: [{when: create, then: {event: other}}]\n"

    /// A line end, and a sequence that clears a terminal.
    private let name = "evil\norder.yaml:1:1: FORGED\u{1B}[2J.yaml"
    private let shown = #"evil\norder.yaml:1:1: FORGED\u{1B}[2J.yaml"#

    @Test func `a file's name stays in its line, whatever it holds`() async throws {
      try await withFile(name, Data(rules.utf8)) { path in
        for command in [["check", path], ["test", path], ["diff", path, path], ["draw", path + "."]] {
          let result = try await sequitur(["rules"] + command)
          let text = result.standardOutput + result.standardError
          #expect(text.contains(shown), "\(command): \(text)")
          #expect(!text.split(separator: "\n").contains { $0.hasPrefix("order.yaml") }, "\(command): \(text)")
          #expect(!text.unicodeScalars.contains("\u{1B}"))
        }
        let directory = URL(filePath: path).deletingLastPathComponent().path + "/none\nsuch"
        for command in [
          ["state", "stats", "--state-dir", directory], ["state", "get", "k", "--state-dir", directory],
          ["state", "diff", directory, "--state-dir", directory], ["submit", directory],
          ["rehearse", "--rules", path, "--allow", directory], ["verify", "--rules", directory],
        ] {
          let result = try await sequitur(
            command + (command[0] == "submit" ? ["--bootstrap-servers", "127.0.0.1:1"] : []))
          #expect(!result.standardError.contains("none\nsuch"), "\(command): \(result.standardError)")
        }
      }
    }

    @Test func `one example is one example`() async throws {
      try await withFile("order.yaml", Data(rules.utf8)) { path in
        let fails = try await sequitur(["rules", "test", path])
        #expect(fails.standardOutput.contains("order: 1 example, 1 fails; shown: 1 of 1 commands"))
      }
      let right = rules.replacingOccurrences(of: "event: other", with: "event: created")
      try await withFile("order.yaml", Data(right.utf8)) { path in
        let passes = try await sequitur(["rules", "test", path])
        #expect(passes.standardOutput.contains("order: 1 example, passes; shown: 1 of 1 commands"))
      }
      let none = rules.split(separator: "\n").dropLast().joined(separator: "\n")
      try await withFile("order.yaml", Data(none.utf8)) { path in
        let shows = try await sequitur(["rules", "test", path])
        #expect(shows.standardOutput.contains("order: 0 examples; shown: 0 of 1 commands"))
      }
    }

    /// `sequitur` with an argument that the shell makes of an octal escape.
    private func runWithBytes(_ before: String, _ bytes: String, _ after: String = "") async throws
      -> ProgramResult
    {
      try await RunningProgram.run(
        "sh",
        arguments: [
          "-c", "exec \"$0\" \(before) \"$(printf '\(bytes)')\" \(after)", try BuiltProgram.find("sequitur"),
        ])
    }

    @Test func `an argument that is no UTF-8 is refused by its number, and never taken for another`()
      async throws
    {
      for (before, bytes, number) in [
        ("state get", #"\377\376"#, 3), ("history", #"a\200"#, 2), ("rules check", #"\303.yaml"#, 3),
        ("submit", #"\355\240\200"#, 2), ("verify --kafka", #"sasl.password=hunter\377"#, 3),
        ("worker --application-id", #"\300\257"#, 3),
      ] {
        let result = try await runWithBytes(before, bytes)
        #expect(result.exit == .code(2), "\(before)")
        #expect(
          result.standardError
            == "Expected arguments in UTF-8, but number \(number) is not. Give the file another name, or a key's bytes in "
            + "hexadecimal digits with --hex.\n", "\(before)")
      }
      // What is UTF-8 is taken as it is.
      let result = try await runWithBytes("rules check", #"\303\251.yaml"#)
      #expect(result.standardError.hasPrefix("é.yaml: Expected to open the rules file, but No such file"))
    }

    @Test func `a key that no object may have is refused before anything is asked`() async throws {
      for (arguments, found) in [
        ([""], "it has 0"), ([String(repeating: "k", count: 1025)], "it has 1,025"),
        (["", "--hex"], "it has 0"),
        (["abc", "--hex"], "it is `abc`"), (["zz", "--hex"], "it is `zz`"), (["+1", "--hex"], "it is `+1`"),
      ] {
        for command in [
          ["history", "--bootstrap-servers", "127.0.0.1:1"], ["state", "get", "--state-dir", "/nowhere"],
        ] {
          let result = try await sequitur(command + arguments)
          #expect(result.exit == .code(2))
          #expect(result.standardError.contains(found), "\(command) \(arguments): \(result.standardError)")
          #expect(result.standardError.hasPrefix("Expected a"))
        }
      }
    }

    @Test func `a list of wanted changes is a regular file of a bounded size`() async throws {
      try await withFile("order.yaml", Data(rules.utf8)) { path in
        let directory = URL(filePath: path).deletingLastPathComponent().path
        mkfifo(directory + "/pipe", 0o600)
        let large = directory + "/large"
        #expect(FileManager.default.createFile(atPath: large, contents: nil))
        truncate(large, 1 << 30)
        for (name, reason) in [
          (directory + "/pipe", "it is a pipe"), ("/dev/zero", "it is a device"),
          (directory, "it is a directory"),
          (directory + "/none", "No such file"), (large, "are the limit"), ("", "it is empty"),
        ] {
          let result = try await sequitur(["rehearse", "--rules", path, "--allow", name])
          #expect(result.exit == .code(2))
          #expect(
            result.standardError.hasPrefix("Expected ") && result.standardError.contains(reason)
              && result.standardError.contains("--allow"), "\(result.standardError)")
        }
      }
    }
  }
}
