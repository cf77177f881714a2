import Foundation
import TestBroker
import Testing

/// What `make bench` must not do: measure records of another workload on the same broker.
struct BenchmarkScriptTests {
  @Test func `no two measurements have a topic's name in common`() async throws {
    let script = """
      from benchmarking.programs import Scratch
      names = []
      for _ in range(2):
          with Scratch() as scratch:
              names += [scratch.name("commands"), scratch.name("commands")]
      assert len(set(names)) == 4, names
      """
    let result = try await RunningProgram.run(
      "python3", arguments: ["-B", "-c", script],
      workingDirectory: PackageRoot.url.appending(path: "scripts"), timeout: .seconds(60))
    #expect(result.exit == .code(0), "\(result.standardError)")
  }

  @Test(.enabled(if: TestBroker.isAvailable))
  func `a topic that exists ends the measurement, one that was dropped can be made again`() async throws {
    let name = TestBroker.uniqueName("bench")
    try await topics("topics", names: name, is: .code(0))
    let again = try await topics("topics", names: "\(name)-valid,\(name)", is: .code(1))
    #expect(again.standardError == "ceiling: \(name): Broker: Topic already exists\n")
    try await topics("drop", names: "\(name)-valid,\(name)", is: .code(0))
    let gone = try await topics("drop", names: name, is: .code(1))
    #expect(gone.standardError == "ceiling: \(name): Broker: Unknown topic or partition\n")
  }

  @discardableResult
  private func topics(
    _ subcommand: String, names: String, is exit: ProgramExit
  ) async throws -> ProgramResult {
    let result = try await RunningProgram.run(
      BuiltProgram.find("ceiling"),
      arguments: [subcommand, "--bootstrap", TestBroker.bootstrap(), "--names", names], timeout: .seconds(60))
    #expect(result.exit == exit, "\(result.standardError)")
    return result
  }
}
