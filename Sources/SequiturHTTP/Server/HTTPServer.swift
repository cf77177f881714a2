import Glibc
import HTTPTypes
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A server of one address: listens, answers by its routes within its limits, and drains when it is told to stop.
///
///     let server = HTTPServer(routes: [.get("/live") { _ in .json(Array("{}".utf8)) }], logger: logger)
///     let address = try await server.start(at: HTTPAddress(host: "127.0.0.1", port: 0))
///     …
///     await server.stop()
///
/// HTTP/1.1, over TLS when it has files for it. Started and stopped once. Any thread.
public final class HTTPServer: Sendable {
  private struct Running {
    /// Stops listening; returns when all connections have ended.
    let drain: @Sendable () async throws -> Void
    let task: Task<Void, any Error>
  }

  private let routes: [HTTPRoute]
  private let limits: HTTPLimits
  private let tls: TLSFiles?
  private let feeds: [EventFeed]
  private let hostNames: [String]
  private let authenticator: (any HTTPAuthenticator)?
  private let logger: Logger
  private let group: MultiThreadedEventLoopGroup
  private let connections = OpenConnections()
  private let running = Mutex<Running?>(nil)

  /// - Parameters:
  ///   - routes: what is answered; the first that fits a path counts.
  ///   - limits: what clients may take.
  ///   - tls: nil: plain HTTP.
  ///   - feeds: closed when the server stops, so that their clients end.
  ///   - hostNames: at a loopback address, names that requests may come with besides `localhost`, the address's own and addresses
  ///     in digits: others are answered 421, so that no page of a browser here can ask in another host's name. `*`: any.
  ///   - authenticator: finds out who asks, for all routes but the open ones; nil: anybody may do anything.
  ///   - threads: that move bytes; a route's own work runs in Swift's pool.
  ///   - logger: for what is wrong with the server, not for each request.
  public init(
    routes: [HTTPRoute], limits: HTTPLimits = HTTPLimits(), tls: TLSFiles? = nil, feeds: [EventFeed] = [],
    hostNames: [String] = [], authenticator: (any HTTPAuthenticator)? = nil, threads: Int = 1,
    logger: Logger
  ) {
    self.routes = routes
    self.limits = limits
    self.tls = tls
    self.feeds = feeds
    self.hostNames = hostNames
    self.authenticator = authenticator
    self.logger = logger
    group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
  }

  /// Begins to listen.
  ///
  /// - Parameter orAnyPort: when the port is taken, takes a free one of the same host.
  /// - Returns: the address with the port that was taken.
  /// - Throws: ``HTTPServerFault``: an unreadable certificate or key, an address that is none of this machine's, a port that is
  ///   taken or not permitted.
  public func start(
    at address: HTTPAddress, orAnyPort: Bool = false
  ) async throws(HTTPServerFault) -> HTTPAddress {
    do {
      for warning in tls?.warnings(now: time(nil)) ?? [] { logger.warning("\(warning)") }
      let tls = try configuration()
      do {
        return try await listen(at: address, tls)
      } catch let error as IOError where error.errnoCode == EADDRINUSE && orAnyPort {
        return try await listen(at: HTTPAddress(host: address.host, port: 0), tls)
      }
    } catch {
      try? await group.shutdownGracefully()
      throw HTTPServerFault(of: error, at: address)
    }
  }

  /// Stops listening, lets answers under way come to their end for as long as the limits say, and closes what is left.
  public func stop() async {
    for feed in feeds { feed.close() }
    guard let running = running.withLock({ $0.take() }) else { return }
    let (connections, limit) = (connections, limits.drainTime)
    let clock = Task {
      try await Task.sleep(for: limit)
      connections.closeAll()
      running.task.cancel()
    }
    try? await running.drain()
    clock.cancel()
    _ = try? await running.task.value
    try? await group.shutdownGracefully()
  }

  /// Connections at this moment.
  public var connectionCount: Int { connections.count }

  // MARK: Listening

  private func configuration() throws(HTTPServerFault) -> TLSConfiguration? {
    let authorities = authenticator?.clientAuthorities
    guard let tls else {
      guard authorities == nil else {
        throw HTTPServerFault(
          "Expected TLS, since clients show certificates, but there is no certificate of this server's. Give "
            + "--http-certificate and --http-key.")
      }
      return nil
    }
    return try tls.configuration(clientAuthorities: authorities)
  }

  private func listen(at address: HTTPAddress, _ tls: TLSConfiguration?) async throws -> HTTPAddress {
    let answerer = Answerer(
      router: HTTPRouter(routes: routes), limits: limits, requests: RequestGate(atMost: limits.requestsMax),
      streams: RequestGate(atMost: limits.streamsMax), names: HostNames(for: address, and: hostNames),
      callers: CallerCheck(authenticator), logger: logger)
    let (limits, connections) = (limits, connections)
    let channel = HTTP1Channel(
      responder: { request, writer, channel in try await answerer.answer(request, writer, channel) },
      configuration: HTTP1Channel.Configuration(
        additionalChannelHandlers: [ConnectionClock(limits, connections)], idleTimeout: nil,
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: limits.headBytesMax, maxHeaderListSize: limits.headBytesMax,
          maxHeaderFieldCount: limits.fieldsMax)))
    guard let tls else { return try await launch(channel, at: address) }
    return try await launch(try TLSChannel(channel, tlsConfiguration: tls), at: address)
  }

  private func launch(_ child: some ServerChildChannel, at address: HTTPAddress) async throws -> HTTPAddress {
    let (bound, binding) = AsyncStream.makeStream(of: Int.self)
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    let server = Server(
      childChannelSetup: child,
      configuration: ServerConfiguration(
        address: .hostname(address.host, port: address.port),
        availableConnectionsDelegate: .maximum(limits.connectionsMax, logger: quiet)),
      onServerRunning: { channel in
        binding.yield(channel.localAddress?.port ?? address.port)
        binding.finish()
      }, eventLoopGroup: group, logger: quiet)
    // Detached, so that the graceful shutdown of whoever calls does not stop it before its turn.
    let task = Task.detached {
      defer { binding.finish() }
      try await server.run()
    }
    for await port in bound {
      running.withLock { $0 = Running(drain: { try await server.shutdownGracefully() }, task: task) }
      return HTTPAddress(host: address.host, port: port)
    }
    try await task.value
    throw HTTPServerFault("Expected to listen at \(address), but the server ended at once.")
  }
}
