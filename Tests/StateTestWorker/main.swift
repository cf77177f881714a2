import Foundation
import Logging
import NoteDecider
import SequiturHTTP
import SequiturOperations
import SequiturWorker
import ServiceLifecycle

// A worker with the tests' decider as a process of its own, to be killed and to trap.
// Arguments: bootstrap, application id, state directory, lanes, and flags.
let arguments = CommandLine.arguments
var configuration = WorkerConfiguration(applicationID: arguments[2], lanes: Int(arguments[4])!)
configuration.bootstrapServers = arguments[1]
configuration.stateDirectory = arguments[3]
configuration.instanceID = "one"
configuration.stopsWhenCaughtUp = arguments.contains("--until-caught-up")
configuration.guardsAgainstCrashes = !arguments.contains("--no-crash-guard")
if let topics = arguments.firstIndex(of: "--topics").map({ arguments[($0 + 1)...].map { $0 } }) {
  configuration.topics.commands = topics[0]
  configuration.topics.valid = topics[1]
  configuration.topics.invalid = topics[2]
  configuration.topics.changelog = topics[3]
}
var logger = Logger(label: "worker") { StreamLogHandler.standardError(label: $0) }
logger.logLevel = .info
let door = arguments.contains("--door") ? WorkerDoor() : nil
let worker = Worker(configuration, logger: logger) { NoteDecider() }
let group = ServiceGroup(
  configuration: ServiceGroupConfiguration(
    services: [
      ServiceGroupConfiguration.ServiceConfiguration(
        service: worker, successTerminationBehavior: .gracefullyShutdownGroup)
    ], gracefulShutdownSignals: [.sigterm], logger: logger))
do {
  try await door?.open(to: worker, at: HTTPAddress(host: "127.0.0.1", port: 0), logger: logger)
  try await group.run()
  await door?.close()
} catch {
  FileHandle.standardError.write(Data("ended with \(error)\n".utf8))
  exit(2)
}
