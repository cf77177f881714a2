import Foundation
import TestBroker

/// `sequitur worker` as a process of its own.
enum WorkerProgram {
  /// The release when it was built, since the debug build is too slow for large runs.
  static func path() throws -> String {
    do {
      return try BuiltProgram.find("sequitur", .release)
    } catch {
      return try BuiltProgram.find("sequitur")
    }
  }

  static func start(
    _ application: Application, _ instance: String, rules: String, untilCaughtUp: Bool = false,
    isStatic: Bool = true, _ more: [String] = []
  ) throws -> RunningProgram {
    let topics = application.topics
    let arguments =
      [
        "worker", "--rules", rules, "--bootstrap-servers", application.bootstrap, "--application-id",
        application.name, "--state-dir", application.stateDirectory(instance).path, "--instance-id",
        isStatic ? instance : "",
        "--commands-topic", topics.commands, "--valid-topic", topics.valid, "--invalid-topic", topics.invalid,
        "--changelog-topic", topics.changelog,
      ] + (untilCaughtUp ? ["--until-caught-up"] : []) + more
    return try RunningProgram.start(try path(), arguments: arguments)
  }

  /// Runs a worker until it has caught up.
  static func runUntilCaughtUp(_ application: Application, _ instance: String, rules: String) async throws {
    let result = try await start(application, instance, rules: rules, untilCaughtUp: true)
      .waitForExit(timeout: .seconds(90))
    guard result.exit == .code(0) else {
      throw ProgramError.ended("the worker to end with exit code 0, not \(result.exit)", result.output)
    }
  }
}

extension RunningProgram {
  /// Asks it to end, and expects that it ends well.
  func stopGracefully() async throws {
    terminate()
    let result = try await waitForExit(timeout: .seconds(60))
    // A signal that comes before the program has begun to look for it ends it as any program.
    let hasBegun = result.output.standardError.contains("state directory open")
    guard result.exit == .code(0) || (result.exit == .signal(SIGTERM) && !hasBegun) else {
      throw ProgramError.ended("the worker to end with exit code 0, not \(result.exit)", result.output)
    }
  }

  /// Kills it with SIGKILL, and returns when it is gone.
  func killAndWait() async throws {
    kill()
    try await waitForExit(timeout: .seconds(20))
  }

  /// The most memory it ever had resident, in bytes.
  func peakResidentBytes() throws -> Int {
    guard let processIdentifier else { throw ProgramError.ended("a running process", output) }
    let status = try String(contentsOfFile: "/proc/\(processIdentifier)/status", encoding: .utf8)
    guard let kilobytes = status.firstMatch(of: /VmHWM:\s+([0-9]+) kB/).flatMap({ Int($0.1) }) else {
      throw ProgramError.notFound("VmHWM in /proc/\(processIdentifier)/status")
    }
    return kilobytes << 10
  }
}
