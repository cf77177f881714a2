import Logging
import SequiturHTTP
import TerminalView

/// The operations door of a command.
enum OpenDoor {
  /// Opens a door to a service.
  /// - Throws: a ``CommandFailure`` with why it cannot be.
  static func open(
    _ plan: HTTPOptions.Plan, to service: any OperatedService, logger: Logger
  ) async throws -> OperationsServer {
    let gate = try await DoorAccess.gate(plan.accessFile, at: plan.address, plan.tls, logger: logger)
    let door: OperationsServer
    do throws(HTTPServerFault) {
      door = try await OperationsServer.open(
        service, at: plan.address, orAnyPort: plan.orAnyPort, tls: plan.tls, hostNames: plan.hostNames,
        authenticator: gate, logger: logger)
    } catch {
      throw CommandFailure("\(error)")
    }
    if plan.address.port != 0, door.address.port != plan.address.port {
      logger.notice(
        "the usual port is taken, and a free one is used",
        metadata: [
          "usual": "\(plan.address.port)", "used": "\(door.address.port)", "cure": "name one with --http",
        ])
    }
    return door
  }

  /// Runs what the service tells of, with its door open where there is to be one, and closes it behind that.
  static func around(
    _ plan: HTTPOptions.Plan?, _ service: @autoclosure () -> any OperatedService, logger: Logger,
    _ body: () async throws -> Void
  ) async throws {
    guard let plan else { return try await body() }
    let door = try await open(plan, to: service(), logger: logger)
    do {
      try await body()
    } catch {
      await door.close()
      throw error
    }
    await door.close()
  }
}
