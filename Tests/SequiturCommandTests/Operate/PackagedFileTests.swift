import Foundation
import TestBroker
import Testing

extension SequiturCommandTests {
  /// What the package and the manifests bring: made from the program, or taken by it.
  struct PackagedFileTests {
    /// The program's subcommands, as its own help has them.
    private func subcommands() async throws -> [String] {
      struct Help: Decodable {
        struct Command: Decodable {
          let commandName: String
          let subcommands: [Command]?
        }
        let command: Command
      }
      let help = try await sequitur(["--experimental-dump-help"]).document(Help.self)
      return try #require(help.command.subcommands).map(\.commandName).filter { $0 != "help" }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `a shell's completion knows every subcommand`(shell: String) async throws {
      let script = try await sequitur(["--generate-completion-script", shell])
      #expect(script.exit == .code(0))
      for name in try await subcommands() { #expect(script.standardOutput.contains(name), "\(name)") }
      guard shell == "bash" else { return }
      try await withFile("sequitur", Data(script.standardOutput.utf8)) { path in
        let checked = try await RunningProgram.run("bash", arguments: ["-n", path])
        #expect(checked.exit == .code(0), "\(checked.output.standardError)")
        let words = try await RunningProgram.run(
          "bash",
          arguments: [
            "-c",
            "source \(path); COMP_WORDS=(sequitur to) COMP_CWORD=1 COMP_LINE='sequitur to' COMP_POINT=11; _sequitur; "
              + #"echo "${COMPREPLY[@]}""#,
          ])
        #expect(words.output.standardOutput.contains("topics"), "\(words.output)")
      }
    }

    @Test func `there is a manual page for every subcommand, with its options`() async throws {
      let directory = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("man"))
      defer { try? FileManager.default.removeItem(at: directory) }
      let made = try await RunningProgram.run(
        "scripts/make-man", arguments: [try BuiltProgram.find("sequitur"), directory.path])
      #expect(made.exit == .code(0), "\(made.output.standardError)")
      for name in try await subcommands() {
        let page = try String(contentsOf: directory.appending(path: "sequitur-\(name).1"), encoding: .utf8)
        #expect(page.hasPrefix(".TH \"SEQUITUR\\-"), "\(name)")
      }
      let worker = try String(contentsOf: directory.appending(path: "sequitur-worker.1"), encoding: .utf8)
      for option in ["lanes", "print\\-config", "http\\-names"] {
        #expect(worker.contains("\\fB\\-\\-\(option)"), "\(option)")
      }
      // What begins a line and is text must be no request of troff's.
      let known = [".TH", ".SH", ".TP", ".PP", ".RS", ".RE", ".nf", ".fi"]
      for line in worker.split(separator: "\n") where line.hasPrefix(".") {
        #expect(known.contains { line.hasPrefix($0) }, "\(line)")
      }
    }

    @Test func `the unit's command takes the packaged settings`() async throws {
      let unit = try String(
        contentsOf: PackageRoot.url.appending(path: "deploy/debian/sequitur-worker@.service"), encoding: .utf8
      )
      let line = try #require(unit.firstMatch(of: /ExecStart=\/usr\/bin\/sequitur (.*)/)).1
      let words = line.split(separator: " ").map {
        $0.replacing("/etc/sequitur/%i.yaml", with: "deploy/debian/orders.yaml").replacing(
          "%i", with: "orders")
      }
      let shown = try await sequitur(words.map(String.init) + ["--print-config"])
      #expect(shown.exit == .code(0), "\(shown.standardError)")
      for text in ["application-id = orders", "state-dir = /var/lib/sequitur/orders", "create-topics = true"]
      {
        #expect(shown.standardOutput.contains(text), "\(text)")
      }
    }

    @Test func `the manifests' settings and rules are taken`() async throws {
      let text = try String(
        contentsOf: PackageRoot.url.appending(path: "deploy/kubernetes/sequitur-worker.yaml"), encoding: .utf8
      )
      /// A block of the config map, without its indentation.
      func block(_ name: String) throws -> Data {
        let start = try #require(text.range(of: "  \(name): |\n")).upperBound
        let lines = text[start...].split(separator: "\n", omittingEmptySubsequences: false)
          .prefix { $0.hasPrefix("    ") }
        return Data(lines.map { $0.dropFirst(4) }.joined(separator: "\n").utf8)
      }
      try await withFile("worker.yaml", try block("worker.yaml")) { path in
        let shown = try await sequitur(["worker", "--print-config", "--config", path])
        #expect(shown.exit == .code(0), "\(shown.standardError)")
        #expect(shown.standardOutput.contains("log-format = json") || shown.standardError.hasPrefix("{"))
      }
      try await withFile("rules.yaml", try block("rules.yaml")) { path in
        let checked = try await sequitur(["rules", "check", path])
        #expect(checked.exit == .code(0), "\(checked.standardError)")
      }
    }
  }
}
