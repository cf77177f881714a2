import Logging
import SequiturHTTP
import TerminalView

/// An operations door that is open.
struct OpenDoor: Sendable {
  private let server: HTTPServer
  private let looks: Task<Void, Never>
  /// Where it is, as a browser takes it.
  let url: String

  /// Opens a door to a service.
  /// - Throws: a ``CommandFailure`` with why it cannot be.
  static func open(
    _ plan: HTTPOptions.Plan, to service: any OperatedService, logger: Logger
  ) async throws -> OpenDoor {
    let door = OperationsDoor(service)
    let server = HTTPServer(
      routes: door.routes, tls: plan.tls, feeds: door.feeds, hostNames: plan.hostNames, logger: logger)
    let address: HTTPAddress
    do throws(HTTPServerFault) {
      address = try await server.start(at: plan.address, orAnyPort: plan.orAnyPort)
    } catch {
      throw CommandFailure("\(error)")
    }
    let url = "\(plan.tls == nil ? "http" : "https")://\(address)/"
    logger.info("health, metrics and a page for people", metadata: ["url": "\(url)"])
    if plan.address.port != 0, address.port != plan.address.port {
      logger.notice(
        "the usual port is taken, and a free one is used",
        metadata: [
          "usual": "\(plan.address.port)", "used": "\(address.port)", "cure": "name one with --http",
        ])
    }
    return OpenDoor(server: server, looks: Task { await door.run() }, url: url)
  }

  /// Lets answers under way end, and closes it.
  func close() async {
    looks.cancel()
    await server.stop()
  }
}
