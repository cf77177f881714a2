import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// Values that were given and are empty, as a script makes them from a variable that it does not have.
  struct EmptyValueTests {
    private static let commands: [(name: String, command: [String])] = [
      ("rules", ["verify"]), ("rules", ["worker"]), ("rules", ["rehearse"]), ("rules", ["history", "k"]),
      ("state-dir", ["state", "stats"]), ("state-dir", ["state", "diff"]), ("state-dir", ["worker"]),
      ("bootstrap-servers", ["topics", "check"]), ("bootstrap-servers", ["demo"]),
      ("application-id", ["topics", "check"]), ("application-id", ["resubmit"]),
      ("commands-topic", ["submit", "/dev/null"]), ("changelog-topic", ["verify"]),
      ("valid-topic", ["history", "k"]), ("invalid-topic", ["resubmit"]), ("memory", ["worker"]),
      ("envelope", ["worker"]), ("log-level", ["topics", "check"]), ("forget-after", ["topics", "check"]),
      ("session-timeout", ["worker"]), ("assignment-strategy", ["worker"]),
    ]

    private func expectRefusal(_ result: ProgramResult, _ origin: String) {
      #expect(result.exit == .code(2), "\(origin): \(result)")
      #expect(
        result.standardError.contains(
          "Expected \(origin) to have a value, but it is empty. Give it one, or leave it out."),
        "\(result.standardError)")
    }

    @Test(arguments: Self.commands)
    func `an empty flag, variable or line of the file is told by its name`(name: String, command: [String])
      async throws
    {
      expectRefusal(try await sequitur(command + ["--\(name)", ""]), "--\(name)")
      let variable = "SEQUITUR_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
      expectRefusal(
        try await sequitur(command, environment: [variable: ""]), "the environment variable \(variable)")
    }

    @Test(arguments: Self.commands.filter { !["forget-after", "session-timeout"].contains($0.name) })
    func `an empty line of the file is told by the file's name`(name: String, command: [String]) async throws
    {
      try await withFile("settings.yaml", Data("\(name): ''\n".utf8)) { path in
        guard command.first != "state" || command.last == "stats" else { return }
        expectRefusal(try await sequitur(command + ["--config", path]), "\(name) in \(path)")
      }
    }

    @Test(arguments: [
      "SEQUITUR_LANES", "SEQUITUR_CREATE_TOPICS", "SEQUITUR_CRASH_GUARD", "SEQUITUR_RECENT_IDS",
    ])
    func `an empty number or truth of the environment is told by its variable`(name: String) async throws {
      expectRefusal(
        try await sequitur(["worker"], environment: [name: ""]), "the environment variable \(name)")
    }

    @Test func `an empty name of a file is told by who gave it`() async throws {
      let commands: [([String], [String: String], String)] = [
        (["topics", "check", "--config", ""], [:], "--config to name a configuration file"),
        (["topics", "check"], ["SEQUITUR_CONFIG": ""], "SEQUITUR_CONFIG to name a configuration file"),
        (["rules", "check", ""], [:], "the name of a rules file"),
        (["rules", "check", "--json", ""], [:], "the name of a rules file"),
        (["rules", "draw", ""], [:], "the name of a rules file"),
        (["rules", "test", ""], [:], "the name of a rules file"),
        (["rules", "diff", "", ""], [:], "the name of a rules file"),
        (["verify", "--rules", ""], [:], "--rules to have a value"),
        (["submit", ""], [:], "the name of a file, or - for standard input"),
        (["rehearse", "--scratch-dir", ""], [:], "--scratch-dir to name a directory"),
      ]
      for (command, environment, goal) in commands {
        let result = try await sequitur(command, environment: environment)
        #expect(result.exit == .code(2), "\(command)")
        #expect(result.standardError.hasPrefix("Expected \(goal)"), "\(command): \(result.standardError)")
        #expect(result.standardError.contains("it is empty. "), "\(command): \(result.standardError)")
      }
    }

    @Test func `an empty instance id is a value: none`() async throws {
      try await withFile("settings.yaml", Data("instance-id: ''\n".utf8)) { path in
        let sources: [([String], [String: String])] = [
          (["--instance-id", ""], [:]), ([], ["SEQUITUR_INSTANCE_ID": ""]), (["--config", path], [:]),
        ]
        for (flags, environment) in sources {
          let result = try await sequitur(["worker"] + flags, environment: environment)
          #expect(result.standardError.contains("a dynamic member of the group, as asked for"))
          #expect(result.standardError.contains("Expected --rules FILE"))
        }
      }
    }
  }
}
