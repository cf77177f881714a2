import Logging

/// An operations door that is open, on a server of its own.
public struct OperationsServer: Sendable {
  private let server: HTTPServer
  private let looks: Task<Void, Never>
  /// Where it listens.
  public let address: HTTPAddress
  /// The same as a browser takes it.
  public let url: String

  /// Opens a door to a service.
  ///
  /// - Parameters:
  ///   - orAnyPort: when the port is taken, takes a free one.
  ///   - tls: nil: plain HTTP.
  ///   - hostNames: see ``HTTPServer``.
  ///   - authenticator: see ``HTTPServer``.
  /// - Throws: ``HTTPServerFault`` with why it cannot be.
  public static func open(
    _ service: any OperatedService, at address: HTTPAddress, orAnyPort: Bool = false, tls: TLSFiles? = nil,
    hostNames: [String] = [], authenticator: (any HTTPAuthenticator)? = nil, logger: Logger
  ) async throws(HTTPServerFault) -> OperationsServer {
    let door = OperationsDoor(service)
    let server = HTTPServer(
      routes: door.routes, tls: tls, feeds: door.feeds, hostNames: hostNames,
      authenticator: authenticator, logger: logger)
    let bound = try await server.start(at: address, orAnyPort: orAnyPort)
    let url = "\(tls == nil ? "http" : "https")://\(bound)/"
    logger.info("health, metrics and a page for people", metadata: ["url": "\(url)"])
    return OperationsServer(server: server, looks: Task { await door.run() }, address: bound, url: url)
  }

  /// Lets answers under way end, and closes it.
  public func close() async {
    looks.cancel()
    await server.stop()
  }
}
