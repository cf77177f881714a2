import Logging
import ReadableText
import SequiturFollower
import SequiturHTTP
import SequiturViews
import TerminalView

/// Runs a view and its server until SIGTERM or SIGINT.
enum ViewServer {
  /// - Throws: a ``CommandFailure`` for an address that cannot be listened at, and for what ends the view.
  static func run(
    _ view: ObjectView<[UInt8]>, of topic: FollowedTopic, at address: HTTPAddress, tls: TLSFiles?,
    authenticator: (any HTTPAuthenticator)?, logger: Logger
  ) async throws {
    let served = ViewRoutes(view)
    let server = HTTPServer(
      routes: served.routes, tls: tls, feeds: [served.feed], authenticator: authenticator, logger: logger)
    let bound: HTTPAddress
    do throws(HTTPServerFault) {
      bound = try await server.start(at: address)
    } catch {
      throw CommandFailure("\(error)")
    }
    Terminal.printError(
      "Serving the objects of \(topic.name) at \(tls == nil ? "http" : "https")://\(bound)/objects")
    let interrupt = Interrupt { view.stop() }
    interrupt.watch()
    let changes = view.changes()
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await view.run() }
        group.addTask { try await served.tell(changes) }
        try await group.waitForAll()
      }
      await server.stop()
    } catch {
      await server.stop()
      throw CommandFailure(
        ShownText.line("\(error)", atMost: nil),
        status: error is FollowFailure || error is ViewFault ? .foundFault : .wrongUsage)
    }
  }
}
