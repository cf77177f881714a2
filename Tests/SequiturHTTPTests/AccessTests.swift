import Foundation
import HTTPTypes
import SequiturHTTP
import TestBroker
import Testing

extension SequiturHTTPTests {
  /// Who asks is looked at before anything is told.
  struct AccessTests {
    /// Knows whoever names themselves, and lets them do what stands behind the colon.
    private struct Naming: HTTPAuthenticator {
      var clientAuthorities: [UInt8]? { nil }
      var expires: Double?

      func caller(of head: HTTPRequest, certificate: [UInt8]?) throws(Problem) -> HTTPCaller {
        guard let name = head.headerFields[.authorization] else {
          throw .unauthenticated("Expected a name.", isRefused: false)
        }
        guard name != "bad" else { throw .unauthenticated("Expected another name.", isRefused: true) }
        return HTTPCaller(subject: name, expires: expires) { access in
          switch access {
          case .read(let key): name == "reader" && (key == nil || key == Array("a".utf8))
          case .write(_, let command): name == "writer" && command == "pay"
          case .operate: name == "operator"
          default: false
          }
        }
      }
    }

    private static let routes: [HTTPRoute] = [
      .get("/live", access: .open) { call in answer(call) },
      .get("/known", access: .known) { call in answer(call) },
      .get("/metrics", access: .operate) { call in answer(call) }, .get("/all") { call in answer(call) },
      HTTPRoute.get("/objects/:key") { call in answer(call) }.asking { call in
        .read(key: call.parameters["key"])
      },
      HTTPRoute(.post, "/commands", bodyBytesMax: 10) { call in answer(call) },
      HTTPRoute(.post, "/commands/:type", bodyBytesMax: 10) { call in
        _ = try await call.collectBody()
        return answer(call)
      }.asking { call in
        .write(key: nil, command: String(decoding: call.parameters["type"] ?? [], as: UTF8.self))
      },
      HTTPRoute.get("/odd") { call in answer(call) }.asking { _ in throw Problem(.badRequest, "odd", "Odd.")
      },
    ]

    private static func answer(_ call: HTTPCall) -> HTTPAnswer {
      HTTPAnswer(.ok, "text/plain", Array((call.caller.subject ?? "anyone").utf8))
    }

    @Test(
      arguments: [
        ("GET /live", nil, 200), ("HEAD /live", nil, 200), ("GET /live", "bad", 200),
        ("GET /known", nil, 401),
        ("GET /metrics", nil, 401), ("GET /all", nil, 401), ("HEAD /all", nil, 401),
        ("GET /objects/a", nil, 401),
        ("GET /odd", nil, 401), ("POST /commands", nil, 401),
        // What there is, is told to nobody who is not known.
        ("GET /none", nil, 401), ("POST /live", nil, 401), ("OPTIONS /all", nil, 401), ("GET /%zz", nil, 401),
        ("GET *", nil, 401),
        ("GET /known", "bad", 401), ("GET /none", "bad", 401),
        ("GET /known", "x", 200), ("GET /none", "x", 404), ("POST /live", "x", 405), ("GET /%zz", "x", 400),
        ("GET /odd", "x", 400), ("GET /metrics", "x", 403), ("GET /all", "x", 403),
        ("GET /objects/a", "x", 403),
        ("POST /commands", "x", 403),
        ("GET /metrics", "operator", 200), ("GET /all", "operator", 403),
        ("GET /all", "reader", 200), ("GET /objects/a", "reader", 200), ("GET /objects/b", "reader", 403),
        ("GET /objects/%61", "reader", 200), ("GET /metrics", "reader", 403),
        ("POST /commands", "reader", 403),
        // A route that says nothing asks for everything of its kind.
        ("POST /commands", "writer", 403), ("POST /commands/pay", "writer", 200),
        ("POST /commands/ship", "writer", 403),
      ] as [(String, String?, Int)])
    func `a request is answered for who may`(line: String, name: String?, status: Int) async throws {
      try await withServer(Self.routes, authenticator: Naming()) { address, _ in
        let field = name.map { "Authorization: \($0)\r\n" } ?? ""
        let answer = try await RawClient(address).ask(
          "\(line) HTTP/1.1\r\nHost: test\r\n\(field)Content-Length: 0\r\nConnection: close\r\n\r\n")
        #expect(answer.status == status, "\(answer)")
        #expect((answer.field("WWW-Authenticate") != nil) == (status == 401))
        if status >= 400, !line.hasPrefix("HEAD") {
          #expect(answer.field("Content-Type") == "application/problem+json")
          #expect(answer.body.contains("\"status\":\(status)"))
        }
      }
    }

    @Test func `the body of who is not known is not read`() async throws {
      try await withServer(Self.routes, authenticator: Naming()) { address, _ in
        let client = try RawClient(address)
        let answer = try await client.ask(
          "POST /commands/pay HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n")
        #expect(answer.status == 401 && answer.field("Connection") == "close")
        // Nor is its size told.
        let large = try await RawClient(address).ask(
          "POST /commands/pay HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n")
        #expect(large.status == 401)
      }
    }

    @Test func `without an authenticator anybody may do anything, under no name`() async throws {
      try await withServer(Self.routes) { address, _ in
        for path in ["/live", "/known", "/metrics", "/all", "/objects/b"] {
          let answer = try await RawClient(address).ask(get(path, "Authorization: bad\r\n"))
          #expect(answer.body == "anyone")
        }
      }
    }

    @Test func `a stream ends with the proof of who listens`() async throws {
      let feed = EventFeed()
      // Now: it had been seen before its end.
      let ending = Naming(expires: Date().timeIntervalSince1970)
      try await withServer([.get("/events") { _ in .events(feed) }], feeds: [feed], authenticator: ending) {
        address, _ in
        let client = try RawClient(address)
        try await client.send(get("/events", "Authorization: reader\r\n"))
        let all = try await client.readToEnd()
        #expect(all.contains("text/event-stream"))
      }
    }
  }
}
