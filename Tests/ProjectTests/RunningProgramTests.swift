import Foundation
import TestBroker
import Testing

struct RunningProgramTests {
  @Test func `a program's output, error output and exit code are collected`() async throws {
    let result = try await shell("echo out; echo err >&2; exit 3")
    #expect(result.exit == .code(3))
    #expect(result.standardOutput == "out\n")
    #expect(result.standardError == "err\n")
  }

  @Test func `more input and output than a pipe holds blocks nothing`() async throws {
    let input = Data(repeating: 0x61, count: 3_000_000)
    let result = try await RunningProgram.run("cat", standardInput: .data(input), timeout: .seconds(60))
    #expect(result.exit == .code(0))
    #expect(result.standardOutput.utf8.count == input.count)
  }

  @Test func `input that the program does not read is dropped without a signal`() async throws {
    let input = Data(repeating: 0x61, count: 1_000_000)
    let result = try await RunningProgram.run("true", standardInput: .data(input))
    #expect(result.exit == .code(0))
  }

  @Test func `a program that takes too long is killed, and what it printed is in the error`() async throws {
    let program = try RunningProgram.start("sh", arguments: ["-c", "echo started; exec tail -f /dev/null"])
    try await program.waitForOutput(containing: "started", timeout: .seconds(60))
    await #expect {
      try await program.waitForExit(timeout: .milliseconds(50))
    } throws: { error in
      "\(error)".contains("started")
    }
    #expect(try await program.waitForExit(timeout: .seconds(60)).exit == .signal(SIGKILL))
    #expect(program.processIdentifier == nil)
  }

  @Test func `a test whose time is over waits no longer, and its program ends`() async throws {
    let program = try RunningProgram.start("tail", arguments: ["-f", "/dev/null"])
    let waits = Task { try await program.waitForExit(timeout: .seconds(3600)) }
    waits.cancel()
    await #expect(throws: ProgramError.self) { try await waits.value }
    #expect(try await program.waitForExit(timeout: .seconds(60)).exit == .signal(SIGKILL))
  }

  @Test func `a program is told to end, and its handler runs`() async throws {
    let script = "trap 'echo bye; exit 7' TERM; echo ready; while :; do read x; done"
    let result = try await RunningProgram.with("bash", arguments: ["-c", script], standardInput: .pipe) {
      program in
      try await program.waitForOutput(containing: "ready", timeout: .seconds(60))
      program.terminate()
      return try await program.waitForExit(timeout: .seconds(60))
    }
    #expect(result.exit == .code(7))
    #expect(result.standardOutput == "ready\nbye\n")
  }

  @Test func `a frozen program goes on where it was`() async throws {
    try await RunningProgram.with("cat", standardInput: .pipe) { program in
      program.suspend()
      program.write("thawed\n")
      program.closeStandardInput()
      program.resume()
      let result = try await program.waitForExit(timeout: .seconds(60))
      #expect(result.standardOutput == "thawed\n")
    }
  }

  @Test func `waiting for output ends as soon as the program has ended without it`() async throws {
    let program = try RunningProgram.start("true")
    await #expect(throws: ProgramError.self) {
      try await program.waitForOutput(containing: "never", timeout: .seconds(600))
    }
  }

  @Test func `a program that does not exist is reported by its exit code`() async throws {
    let result = try await RunningProgram.run("/nowhere/at-all")
    #expect(result.exit == .code(127))
  }

  @Test func `environment and directory are what the test asked for, without the developer's settings`()
    async throws
  {
    let directory = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
    let result = try await RunningProgram.run(
      "sh", arguments: ["-c", "echo $A; pwd; env | grep -c ^SEQUITUR_"], environment: ["A": "b c"],
      workingDirectory: directory)
    #expect(result.standardOutput == "b c\n\(directory.path)\n0\n")
  }

  @Test func `a program dies with the process that started it`() async throws {
    // The shell stands for a test process: it starts a program as ChildProcess does, and is killed.
    let script = "setpriv --pdeathsig KILL tail -f /dev/null & echo started; wait"
    let parent = try RunningProgram.start("bash", arguments: ["-c", script])
    try await parent.waitForOutput(containing: "started", timeout: .seconds(60))
    parent.kill()
    // The grandchild holds the pipes of its parent: they close when it dies too.
    #expect(try await parent.waitForExit(timeout: .seconds(60)).exit == .signal(SIGKILL))
  }

  @Test func `the built executable is found beside the test bundle`() throws {
    let path = try BuiltProgram.find("sequitur")
    #expect(FileManager.default.isExecutableFile(atPath: path))
    #expect(throws: ProgramError.self) { try BuiltProgram.find("no-such-program") }
  }

  @Test func `a free port is one that nobody answers`() throws {
    #expect(!FreePort.answers(try FreePort.find()))
  }

  private func shell(_ script: String) async throws -> ProgramResult {
    try await RunningProgram.run("sh", arguments: ["-c", script], timeout: .seconds(60))
  }
}
