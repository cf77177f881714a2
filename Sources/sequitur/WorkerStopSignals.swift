import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// SIGTERM and SIGINT: the first asks the services to end in order, the second ends the process.
enum StopSignals {
  static func watch(_ group: ServiceGroup, _ logger: Logger) async {
    var isStopping = false
    for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
      if isStopping {
        logger.warning("a second signal ends the process at once", metadata: ["signal": "\(signal)"])
        _exit(128 + signal.number)
      }
      isStopping = true
      logger.notice("stopping; a second signal ends the process at once", metadata: ["signal": "\(signal)"])
      await group.triggerGracefulShutdown()
    }
  }
}

extension UnixSignal {
  fileprivate var number: Int32 { self == .sigint ? SIGINT : SIGTERM }
}
