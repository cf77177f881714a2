import TestBroker
import Testing

/// `sequitur-fuzz`: each target runs, makes the same inputs from the same seed, and a finding ends it with 1.
struct FuzzTargetTests {
  private func fuzz(_ arguments: String...) async throws -> ProgramResult {
    try await RunningProgram.run(
      BuiltProgram.find("sequitur-fuzz"), arguments: arguments, workingDirectory: PackageRoot.url,
      timeout: .seconds(300))
  }

  private func targets() async throws -> [String] {
    try await fuzz("--list").output.standardOutput.split(separator: "\n").compactMap {
      $0.split(separator: ":").first.map(String.init)
    }
  }

  @Test func `every target looks at inputs, and each gets its answer`() async throws {
    let result = try await fuzz("--count", "512")
    #expect(result.exit == .code(0), "\(result.output)")
    let targets = try await targets()
    #expect(targets.count >= 11)
    for target in targets {
      let line = result.output.standardOutput.split(separator: "\n").first { $0.hasPrefix("\(target) ") }
      #expect(line?.contains(" 512 ") == true, "\(target): \(result.output.standardOutput)")
    }
  }

  @Test func `the same seed and number make the same input, and others do not`() async throws {
    let one = try await fuzz("json", "--show", "--from", "40", "--count", "3").output.standardOutput
    let again = try await fuzz("json", "--show", "--from", "41", "--count", "1").output.standardOutput
    #expect(one.contains("json 41\n") && one.contains(again) && !again.isEmpty)
    let other = try await fuzz("json", "--show", "--from", "41", "--count", "1", "--seed", "2")
    #expect(other.output.standardOutput != again)
  }

  @Test func `CONTRIBUTING.md names every target`() async throws {
    let page = try ProjectFile.read("CONTRIBUTING.md").text
    for target in try await targets() { #expect(page.contains("`\(target)`"), "\(target)") }
  }

  @Test(arguments: [["nothing"], ["--count", "0"], ["--jobs", "0"], ["--seconds", "-1"]])
  func `wrong usage ends with 2`(arguments: [String]) async throws {
    let result = try await RunningProgram.run(BuiltProgram.find("sequitur-fuzz"), arguments: arguments)
    #expect(result.exit == .code(2), "\(result.output)")
  }
}
