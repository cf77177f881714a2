import Foundation
import Logging
import SequiturHTTP
import Testing

let quiet = Logger(label: "sequitur-http-tests") { _ in SwiftLogNoOpLogHandler() }

/// Nothing is too slow: on a busy machine a test may wait for its turn for long. Each test of a limit sets its own.
var patient: HTTPLimits {
  var limits = HTTPLimits()
  for limit in [\HTTPLimits.headTime, \.bodyPause, \.bodyTime, \.unreadTime, \.drainTime] {
    limits[keyPath: limit] = .seconds(120)
  }
  return limits
}

/// Runs a server on a free port for one test.
func withServer(
  _ routes: [HTTPRoute], limits: HTTPLimits = patient, feeds: [EventFeed] = [], tls: TLSFiles? = nil,
  hostNames: [String] = ["test"], authenticator: (any HTTPAuthenticator)? = nil,
  _ body: (HTTPAddress, HTTPServer) async throws -> Void
) async throws {
  let server = HTTPServer(
    routes: routes, limits: limits, tls: tls, feeds: feeds, hostNames: hostNames,
    authenticator: authenticator,
    logger: quiet)
  let address = try await server.start(at: HTTPAddress(host: "127.0.0.1", port: 0))
  do {
    try await body(address, server)
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
}

/// Answers what it is asked.
let echo: [HTTPRoute] = [
  .get("/hello") { _ in HTTPAnswer(.ok, "text/plain", Array("hello".utf8)) },
  .get("/objects/:key") { call in HTTPAnswer(.ok, "application/octet-stream", call.parameters["key"] ?? []) },
  .get("/query") { call in HTTPAnswer(.ok, "text/plain", Array(call.query.utf8)) },
  .get("/fails") { _ in throw RawClient.Failure(what: "a secret") },
  HTTPRoute(.post, "/echo", bodyBytesMax: 1000) { call in
    HTTPAnswer(.ok, "text/plain", try await call.collectBody())
  },
]

func get(_ path: String, _ fields: String = "") -> String {
  "GET \(path) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n"
}

/// The parent of all suites that listen.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SequiturHTTPTests {}
