import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

extension Worker {
  /// Serves until SIGTERM or SIGINT, as a program of its own.
  ///
  /// The first signal ends it in order: the transaction under way is finished, the store written, the group
  /// left. A second one ends the process at once; that is safe as well, as any crash is.
  ///
  /// - Throws: what ``run()`` throws.
  public func runUntilSignalled() async throws {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          ServiceGroupConfiguration.ServiceConfiguration(
            service: self, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .cancelGroup)
        ], logger: logger))
    let signals = Task { [logger] in await Self.watchSignals(group, logger) }
    defer { signals.cancel() }
    try await group.run()
  }

  private static func watchSignals(_ group: ServiceGroup, _ logger: Logger) async {
    var isStopping = false
    for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
      if isStopping {
        logger.warning("a second signal ends the process at once", metadata: ["signal": "\(signal)"])
        _exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
      }
      isStopping = true
      logger.notice("stopping; a second signal ends the process at once", metadata: ["signal": "\(signal)"])
      await group.triggerGracefulShutdown()
    }
  }
}
