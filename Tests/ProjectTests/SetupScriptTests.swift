import Foundation
import TestBroker
import Testing

/// Runs scripts/setup on machines that lack something, made of commands that come first in PATH.
struct SetupScriptTests {
  private static let missingPackages = "exit 1"
  private static let swift = "echo 'Swift version 6.3.1 (swift-6.3.1-RELEASE)'"

  @Test func `without root and without sudo it names the command to run by hand`() async throws {
    let result = try await setup(with: [
      "swift": Self.swift, "dpkg-query": Self.missingPackages, "id": "echo 1000", "sudo": "exit 1",
    ])
    #expect(result.exit == .code(2))
    #expect(result.standardError.contains("As root, run: apt-get update && apt-get install -y"))
    #expect(result.standardError.contains("librdkafka-dev"))
  }

  @Test func `without a network it says so`() async throws {
    let result = try await setup(with: [
      "swift": Self.swift, "dpkg-query": Self.missingPackages, "id": "echo 0",
      "apt-get": "echo 'E: Could not resolve the host'; exit 100",
    ])
    #expect(result.exit == .code(2))
    #expect(result.standardError.contains("Could not resolve the host"))
    #expect(result.standardError.contains("Is there a network?"))
  }

  @Test func `as a user with sudo it installs through sudo`() async throws {
    let result = try await setup(with: [
      "swift": Self.swift, "dpkg-query": Self.missingPackages, "id": "echo 1000",
      "sudo": "case $1 in env) echo \"$@\" >>\"$SUDO_LOG\" ;; esac",
    ])
    #expect(result.exit == .code(0))
    let log = result.standardOutput
    #expect(log.contains("apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 update"))
    #expect(log.contains("install -y --no-install-recommends librdkafka-dev"))
  }

  @Test(arguments: ["echo 'Swift version 5.10.1'", "echo 'Swift version 6.2 (swift-6.2-RELEASE)'", "exit 1"])
  func `an older or a broken Swift is refused with the cure`(swift: String) async throws {
    let result = try await setup(with: ["swift": swift])
    #expect(result.exit == .code(2))
    #expect(result.standardError.contains("Install Swift 6.3 or later"))
  }

  @Test func `what is there already is not installed again`() async throws {
    let result = try await setup(with: [
      "swift": Self.swift, "dpkg-query": "printf installed", "apt-get": "exit 99", "sudo": "exit 99",
    ])
    #expect(result.exit == .code(0))
    #expect(result.standardOutput == "setup: Swift 6.3.1\nsetup: Debian packages: all 10 installed\n")
  }

  @Test func `an unknown argument is refused`() async throws {
    let result = try await setup(with: [:], arguments: ["--nonsense"])
    #expect(result.exit == .code(2))
    #expect(result.standardError.contains("Unknown argument '--nonsense'"))
  }

  /// Runs the script; what `sudo` was asked for is added to its standard output.
  private func setup(with commands: [String: String], arguments: [String] = []) async throws -> ProgramResult
  {
    let bin = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("setup"))
    try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: bin) }
    for (name, script) in commands {
      try Data("#!/bin/sh\n\(script)\n".utf8).write(to: bin.appending(path: "\(name).sh"))
    }
    // Copied by another process: a file that this one has just written cannot be run while a program that another test
    // starts still holds the descriptor (ETXTBSY).
    let copy = #"for f in *.sh; do test ! -e "$f" || install -m 755 "$f" "${f%.sh}"; done"#
    let copied = try await RunningProgram.run("sh", arguments: ["-c", copy], workingDirectory: bin)
    try #require(copied.exit == .code(0), "\(copied.standardError)")
    let log = bin.appending(path: "sudo.log")
    let result = try await RunningProgram.run(
      PackageRoot.url.appending(path: "scripts/setup").path, arguments: arguments,
      environment: ["PATH": "\(bin.path):/usr/bin:/bin", "SUDO_LOG": log.path], timeout: .seconds(60))
    let asked = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    return ProgramResult(
      exit: result.exit,
      output: ProgramOutput(
        standardOutput: result.standardOutput + asked, standardError: result.standardError))
  }
}
