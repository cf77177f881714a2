import Foundation
import TestBroker
import TestDatabase
import Testing

extension SequiturOutboxTests {
  /// The tour of docs/outbox.md, typed word for word.
  struct ShopTourTests {
    private struct Step {
      var command: String
      var output: [String] = []
    }

    private static let heading = "## A tour: a shop, with psql only\n"

    /// The commands of the page, each with what it prints there.
    private func steps() throws -> [Step] {
      let page = try String(contentsOf: PackageRoot.url.appending(path: "docs/outbox.md"), encoding: .utf8)
      let rest = try #require(page.components(separatedBy: Self.heading).dropFirst().first)
      let section = try #require(rest.components(separatedBy: "\n## ").first)
      var steps: [Step] = []
      for (index, block) in section.components(separatedBy: "```").enumerated() where !index.isMultiple(of: 2)
      {
        for line in block.split(separator: "\n").map(String.init) {
          if line.hasPrefix("$ ") {
            steps.append(Step(command: String(line.dropFirst(2))))
          } else {
            steps[steps.count - 1].output.append(line)
          }
        }
      }
      return steps
    }

    /// Without spaces at the ends of lines, and without what is another one each time.
    private func plain(_ text: [String]) -> [String] {
      text.map { line in
        let words = line.split(separator: " ").map(String.init)
        if words.first == "relay" { return "relay" }
        if words.dropFirst().first == "digest" { return words.prefix(2).joined(separator: " ") }
        return String(line.reversed().drop { $0 == " " }.reversed())
      }.filter { !$0.isEmpty }
    }

    @Test(.enabled(if: BrokerProcess.isInstalled))
    func `the shop's tour prints what its page says`() async throws {
      let broker = try BrokerProcess.start()
      defer { broker.kill() }
      let server = try DatabaseServer.start()
      defer { server.remove() }
      var environment = server.environment().filter { $0.key != "PGDATABASE" }
      environment["SEQUITUR_BOOTSTRAP_SERVERS"] = broker.bootstrap
      let folder = URL(filePath: try BuiltProgram.find("sequitur")).deletingLastPathComponent().path
      environment["PATH"] = "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
      let state = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("shop"))
      environment["SEQUITUR_STATE_DIR"] = state.path
      environment["SEQUITUR_HTTP"] = "off"
      defer { try? FileManager.default.removeItem(at: state) }
      var programs: [RunningProgram] = []
      defer { for program in programs { program.kill() } }
      let steps = try steps()
      #expect(steps.count >= 15)
      for step in steps {
        if step.command.hasPrefix("export ") {
          for pair in step.command.split(separator: " ").dropFirst() {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            environment[parts[0]] = parts[1]
          }
        } else if step.command.hasSuffix(" &") {
          programs.append(
            try RunningProgram.start(
              "/bin/bash", arguments: ["-c", "exec \(step.command.dropLast(2))"], environment: environment,
              workingDirectory: PackageRoot.url))
        } else {
          try await expect(step, environment)
        }
      }
      for program in programs { program.terminate() }
      for program in programs {
        let ended = try await program.waitForExit(timeout: .seconds(60))
        #expect(ended.exit == .code(0), "\(ended.standardError)")
      }
    }

    /// What asks is asked again until the circle has come round.
    private func expect(_ step: Step, _ environment: [String: String]) async throws {
      let expected = plain(step.output)
      let isQuestion = ["select", "status", "verify"].contains { step.command.contains($0) }
      var found: [String] = []
      func run() async throws -> Bool {
        let result = try await RunningProgram.run(
          "/bin/bash", arguments: ["-c", step.command], environment: environment,
          workingDirectory: PackageRoot.url,
          timeout: .seconds(60))
        found = plain((result.standardOutput + result.standardError).components(separatedBy: "\n"))
        return found == expected
      }
      if isQuestion {
        try? await eventually("\(step.command) prints what the page says") { try await run() }
      } else {
        _ = try await run()
      }
      #expect(found == expected, "\(step.command)")
    }
  }
}
