import Foundation
import Logging
import NoteDecider
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
var logger = Logger(label: "worker") { StreamLogHandler.standardError(label: $0) }
logger.logLevel = .info
let worker = Worker(configuration, logger: logger) { NoteDecider() }
let group = ServiceGroup(
  configuration: ServiceGroupConfiguration(
    services: [
      ServiceGroupConfiguration.ServiceConfiguration(
        service: worker, successTerminationBehavior: .gracefullyShutdownGroup)
    ], gracefulShutdownSignals: [.sigterm], logger: logger))
do {
  try await group.run()
} catch {
  FileHandle.standardError.write(Data("ended with \(error)\n".utf8))
  exit(2)
}
