import Foundation
import SequiturHTTP
import Synchronization
import TestBroker
import Testing

/// Opens for as many as wait, once.
private final class Door: Sendable {
  private let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
  private let entered = Atomic(0)

  var count: Int { entered.load(ordering: .relaxed) }

  func pass() async {
    entered.add(1, ordering: .relaxed)
    for await _ in stream {}
  }

  func open() { continuation.finish() }
}

extension SequiturHTTPTests {
  /// Requests that are too large, too slow or too many: a 4xx or 503, and a bound.
  struct LimitTests {
    @Test func `a body larger than its route takes is refused before it is read`() async throws {
      try await withServer(echo) { address, _ in
        let client = try RawClient(address)
        let told = try await client.ask(
          "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000000\r\n\r\n")
        #expect(told.status == 413)
        #expect(told.field("connection") == "close")
        #expect(try await client.readToEnd() == "")
      }
    }

    @Test func `a body without a length is refused where it grows too large`() async throws {
      try await withServer(echo) { address, _ in
        let client = try RawClient(address)
        let chunk = "200\r\n" + String(repeating: "x", count: 512) + "\r\n"
        try await client.send(
          "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk)
        #expect(try await client.answer().status == 413)
      }
    }

    @Test(arguments: [
      "what is no request\r\n\r\n", "GET /hello HTTP/1.1\r\nHost test\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func `what is no request is refused behind the request before it`(bad: String) async throws {
      let door = Door()
      let slow = HTTPRoute.get("/slow") { _ in
        await door.pass()
        return HTTPAnswer(.ok, "text/plain", Array("slow".utf8))
      }
      try await withServer([slow] + echo) { address, _ in
        let client = try RawClient(address)
        try await client.send(get("/slow") + bad)
        try await eventually("the first request to be answered") { door.count == 1 }
        door.open()
        let all = try await client.readToEnd()
        let (first, second) = (all.range(of: " 200 "), all.range(of: " 400 "))
        #expect(try #require(first).lowerBound < #require(second).lowerBound, "\(all)")
        #expect(all.contains("slow"))
      }
    }

    @Test func `a body for a route that takes none is refused, an empty one is not`() async throws {
      try await withServer(echo) { address, _ in
        let refused = try await RawClient(address).ask(get("/hello", "Content-Length: 3\r\n") + "abc")
        #expect(refused.status == 413)
        #expect(try await RawClient(address).ask(get("/hello", "Content-Length: 0\r\n")).status == 200)
      }
    }

    @Test func `a body of what its route takes is taken`() async throws {
      try await withServer(echo) { address, _ in
        let body = String(repeating: "x", count: 1000)
        let client = try RawClient(address)
        for _ in 0..<3 {
          let answer = try await client.ask(
            "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n\(body)")
          #expect(answer.body == body)
        }
      }
    }

    @Test(arguments: ["large fields", "one large field", "many fields"])
    func `a head that is too large is refused`(what: String) async throws {
      let fields =
        switch what {
        case "large fields": String(repeating: "X-A: \(String(repeating: "a", count: 1000))\r\n", count: 20)
        case "one large field": "X-A: \(String(repeating: "a", count: 20_000))\r\n"
        default: String(repeating: "A: b\r\n", count: 200)
        }
      try await withServer(echo) { address, _ in
        let client = try RawClient(address)
        try await client.send(get("/hello", fields))
        let answer = try await client.answer()
        #expect(answer.status == 431)
        #expect(answer.body.contains("head-too-large"))
        #expect(try await client.readToEnd() == "")
      }
    }

    @Test(arguments: [
      "\u{0}\u{1}\u{2}", "GET\r\n\r\n", "GET /hello HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1} TLS here\r\n\r\n",
    ])
    func `what is no HTTP is refused and the connection closed`(text: String) async throws {
      try await withServer(echo) { address, _ in
        let client = try RawClient(address)
        try await client.send(text)
        let answer = try await client.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
        #expect(answer.contains("application/problem+json"))
      }
    }

    @Test func `a head that trickles in is cut off`() async throws {
      var limits = patient
      limits.headTime = .milliseconds(200)
      try await withServer(echo, limits: limits) { address, _ in
        let client = try RawClient(address)
        try await client.send("GET /hello HT")
        #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 408 "))
      }
    }

    @Test func `a connection without a request is closed without a word`() async throws {
      var limits = patient
      limits.headTime = .milliseconds(200)
      try await withServer(echo, limits: limits) { address, _ in
        #expect(try await RawClient(address).readToEnd() == "")
        let used = try RawClient(address)
        #expect(try await used.ask(get("/hello")).status == 200)
        #expect(try await used.readToEnd() == "")
      }
    }

    @Test func `a body that stops is cut off, and so is one that goes on for too long`() async throws {
      var limits = patient
      limits.bodyPause = .milliseconds(200)
      try await withServer(echo, limits: limits) { address, _ in
        let client = try RawClient(address)
        try await client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabc")
        #expect(try await client.answer().status == 408)
      }
      limits.bodyPause = .seconds(60)
      limits.bodyTime = .milliseconds(200)
      try await withServer(echo, limits: limits) { address, _ in
        let client = try RawClient(address)
        try await client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabc")
        #expect(try await client.answer().status == 408)
      }
    }

    @Test func `a client that reads nothing is closed, and keeps nobody else waiting`() async throws {
      var limits = patient
      limits.unreadTime = .milliseconds(200)
      let large: [HTTPRoute] = [
        .get("/large") { _ in HTTPAnswer(.ok, "text/plain", [UInt8](repeating: 120, count: 16 << 20)) }
      ]
      try await withServer(large + echo, limits: limits) { address, server in
        let client = try RawClient(address, receiveBufferBytes: 4096)
        try await client.send(get("/large"))
        try await eventually("the connection that reads nothing to be closed") {
          server.connectionCount == 0
        }
        #expect(try await RawClient(address).ask(get("/hello")).status == 200)
      }
    }

    @Test func `more requests than may be under way are told to come back`() async throws {
      var limits = patient
      limits.requestsMax = 2
      let door = Door()
      let slow: [HTTPRoute] = [
        .get("/slow") { _ in
          await door.pass()
          return HTTPAnswer(.ok, "text/plain", [])
        }
      ]
      try await withServer(slow, limits: limits) { address, _ in
        let inside = [try RawClient(address), try RawClient(address)]
        for client in inside { try await client.send(get("/slow")) }
        try await eventually("both to be answered") { door.count == 2 }
        let refused = try await RawClient(address).ask(get("/slow"))
        #expect(refused.status == 503)
        #expect(refused.field("retry-after") == "1")
        #expect(refused.body.contains("\"code\":\"busy\""))
        door.open()
        for client in inside { #expect(try await client.answer().status == 200) }
        #expect(try await RawClient(address).ask(get("/slow")).status == 200)
      }
    }

    @Test func `more connections than there may be wait for their turn`() async throws {
      var limits = patient
      limits.connectionsMax = 2
      try await withServer(echo, limits: limits) { address, server in
        var first: [RawClient] = [try RawClient(address), try RawClient(address)]
        for client in first { #expect(try await client.ask(get("/hello")).status == 200) }
        let third = try RawClient(address)
        try await third.send(get("/hello"))
        #expect(server.connectionCount == 2)
        first.removeAll()
        #expect(try await third.answer().status == 200)
      }
    }
  }
}
