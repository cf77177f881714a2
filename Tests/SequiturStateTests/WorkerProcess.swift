import Foundation
import TestBroker

extension StateBench {
  /// Starts `StateTestWorker` on this bench's topics.
  func startWorker(_ flags: String...) throws -> RunningProgram {
    try RunningProgram.start(
      BuiltProgram.find("StateTestWorker"),
      arguments: [kafka["bootstrap.servers"]!, name, stateDirectory, "2"] + flags)
  }
}
