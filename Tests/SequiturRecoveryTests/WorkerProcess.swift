import Foundation
import TestBroker

extension StateBench {
  /// Starts `StateTestWorker` on this bench's topics.
  func startWorker(_ flags: String...) throws -> RunningProgram {
    try RunningProgram.start(
      BuiltProgram.find("StateTestWorker"),
      arguments: [kafka["bootstrap.servers"]!, name, stateDirectory, "2"] + flags)
  }

  /// Runs `sequitur worker --until-caught-up` on this bench's topics and store, with rules for other commands.
  ///
  /// - Parameter commands: what a shell does before.
  func runProgram(_ more: String..., after commands: String = ":") async throws -> ProgramResult {
    let rules = directory.path + "/rules.yaml"
    try Data(KillBench.rules.utf8).write(to: URL(filePath: rules))
    return try await RunningProgram.run(
      "bash",
      arguments: [
        "-c", "\(commands); exec \"$0\" \"$@\"", BuiltProgram.find("sequitur"), "worker",
        "--bootstrap-servers", kafka["bootstrap.servers"]!, "--application-id", name,
        "--rules", rules, "--state-dir", stateDirectory, "--instance-id", "one", "--until-caught-up",
      ] + more)
  }
}
