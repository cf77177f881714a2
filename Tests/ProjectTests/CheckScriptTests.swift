import Foundation
import TestBroker
import Testing

/// Runs .ci/run with a `make` that comes first in PATH.
struct CheckScriptTests {
  @Test func `a failure ends with what the tests recorded, and with make's code`() async throws {
    let result = try await check(
      make: """
        echo '◇ Test "the first one" started.'
        echo '◇ Test second() started.'
        echo '✘ Test "the first one" recorded an issue at A.swift:1:2: Expectation failed: (1) == 2'
        echo '↳ seed 7'
        echo '━ Test third() recorded a known issue at B.swift:3:4: Expectation failed: (3) == 4'
        echo '✘ Test "the first one" failed after 0.1 seconds with 1 issue.'
        seq 1 1000
        echo 'error: Exited with unexpected signal code 11'
        exit 2
        """)
    #expect(result.exit == .code(2))
    let (streamed, summary) = try #require(split(result))
    #expect(streamed.contains("\n999\n1000\n"))
    #expect(
      summary == """
        make test failed with code 2; from its output:
        ✘ Test "the first one" recorded an issue at A.swift:1:2: Expectation failed: (1) == 2
        ↳ seed 7
        ✘ Test "the first one" failed after 0.1 seconds with 1 issue.
        error: Exited with unexpected signal code 11
        Test second() started and did not end

        """)
  }

  @Test func `many failures take no more than 20 lines`() async throws {
    let result = try await check(
      make: """
        for i in $(seq 1 100); do echo "✘ Test t() recorded an issue at A.swift:$i:1: no"; done
        exit 1
        """)
    let (_, summary) = try #require(split(result))
    #expect(result.exit == .code(1))
    #expect(summary.hasSuffix("A.swift:19:1: no\n… and 81 lines more\n"))
  }

  @Test func `a success adds nothing, and a program left behind does not keep it`() async throws {
    let result = try await check(make: "sleep 1000 & echo \"kill $!\"; echo '✔ Test run with 5 tests passed'")
    let kill = try #require(result.standardOutput.firstMatch(of: /(?m)^kill [0-9]+$/)).output
    _ = try await RunningProgram.run("sh", arguments: ["-c", String(kill)])
    #expect(result.exit == .code(0))
    #expect(result.standardOutput.hasSuffix("passed\n"))
  }

  private func check(make: String) async throws -> ProgramResult {
    let bin = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("check"))
    try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: bin) }
    let script = bin.appending(path: "script")
    try Data("test \"$1\" = test || exit 0\n\(make)\n".utf8).write(to: script)
    // Written by another process: see SetupScriptTests on ETXTBSY.
    let shim = "printf '#!/bin/sh\\n. \(script.path)\\n' >make && chmod 755 make"
    let made = try await RunningProgram.run("sh", arguments: ["-c", shim], workingDirectory: bin)
    try #require(made.exit == .code(0), "\(made.standardError)")
    return try await RunningProgram.run(
      PackageRoot.url.appending(path: ".ci/run").path,
      environment: ["PATH": "\(bin.path):/usr/bin:/bin"], timeout: .seconds(60))
  }

  /// What make wrote, and what comes after it.
  private func split(_ result: ProgramResult) -> (streamed: Substring, summary: Substring)? {
    guard let range = result.standardOutput.range(of: "\n\nmake test failed") else { return nil }
    let output = result.standardOutput
    return (output[..<range.lowerBound] + "\n", output[output.index(range.lowerBound, offsetBy: 2)...])
  }
}
