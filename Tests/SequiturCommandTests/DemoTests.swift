import Foundation
import TestBroker
import Testing

@testable import SequiturDemo

extension SequiturCommandTests {
  /// Runs the whole demo as its users do.
  @Suite struct DemoTests {
    /// What the generator predicts of 2,000 commands of the seed 7: every code is among them.
    private static let prediction = {
      var generator = DemoGenerator(seed: 7, count: 2000)
      while generator.next() != nil {}
      return DemoPrediction(generator.oracle)
    }()

    private func run(_ arguments: String...) async throws -> ProgramResult {
      try await RunningProgram.run(
        try BuiltProgram.find("sequitur"), arguments: ["demo"] + arguments, timeout: .seconds(120))
    }

    private func summary(_ arguments: String...) async throws -> DemoSummary {
      let result = try await RunningProgram.run(
        try BuiltProgram.find("sequitur"), arguments: ["demo", "--json"] + arguments, timeout: .seconds(120))
      #expect(result.exit == .code(0), "\(result.standardError)")
      return try JSONDecoder().decode(DemoSummary.self, from: Data(result.standardOutput.utf8))
    }

    @Test func `a demo ends with a clean audit and a sample of each kind of record`() async throws {
      let result = try await run("--commands", "2000", "--seed", "7")
      #expect(result.exit == .code(0), "\(result.standardError)")
      #expect(result.standardOutput.contains("✓ every outcome is the one the generator predicted"))
      #expect(result.standardOutput.contains("✓ one outcome for each command"))
      for title in ["an event", "a state on the changelog", "a checkpoint on the changelog"] {
        #expect(result.standardOutput.contains("── \(title) ──"))
      }
      #expect(Self.prediction.expectation.rejectionCodes.count == 9)
      for code in Self.prediction.expectation.rejectionCodes.keys {
        #expect(result.standardOutput.contains("a rejection: \(code) ─"))
      }
      #expect(
        !result.standardOutput.contains("\u{1B}"), "an output that is no terminal has no escape sequences")
    }

    @Test func `the same seed gives the same counts, and they are the predicted ones`() async throws {
      let first = try await summary("--commands", "2000", "--seed", "7")
      let second = try await summary("--commands", "2000", "--seed", "7", "--partitions", "3")
      let prediction = Self.prediction
      for summary in [first, second] {
        #expect(summary.verdict == "no fault")
        #expect(summary.commands == 2000)
        #expect(summary.eventTypes == prediction.expectation.eventTypes)
        #expect(summary.rejectionCodes == prediction.expectation.rejectionCodes)
        #expect(summary.eventsDigest == prediction.eventsDigest)
        #expect(summary.statesDigest == prediction.statesDigest)
      }
      #expect(first.partitions == 4)
      #expect(second.partitions == 3)
    }

    @Test func `the state is kept where it is asked for`() async throws {
      let directory = FileManager.default.temporaryDirectory.appending(path: "demo-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: directory) }
      let result = try await run("--commands", "100", "--keep", directory.path)
      #expect(result.exit == .code(0), "\(result.standardError)")
      #expect(FileManager.default.fileExists(atPath: directory.appending(path: "store/CURRENT").path))
      let again = try await run("--commands", "100", "--keep", directory.path)
      #expect(again.exit == .code(2))
      #expect(again.standardError.contains("Expected --keep to name a new or empty directory"))
    }

    @Test func `more commands than the embedded broker keeps are refused`() async throws {
      let result = try await run("--commands", "60000", "--partitions", "1")
      #expect(result.exit == .code(2))
      #expect(
        result.standardError.contains(
          "Expected at most 12,500 commands on an embedded broker with 1 partition,"))
    }

    @Test func `an interrupt stops the worker in order and ends as the signal does`() async throws {
      let program = try RunningProgram.start(
        try BuiltProgram.find("sequitur"), arguments: ["demo", "--commands", "2000", "--rate", "20"])
      defer { program.kill() }
      try await program.waitForOutput(containing: "processing", timeout: .seconds(60))
      program.send(SIGINT)
      let result = try await program.waitForExit(timeout: .seconds(60))
      #expect(result.exit == .signal(SIGINT))
      #expect(result.standardError.contains("Interrupted: the worker has stopped in order"))
    }
  }
}
