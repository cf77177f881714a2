import Foundation
import SequiturHTTP
import Testing

extension SequiturHTTPTests {
  struct RoutingTests {
    @Test func `a path is answered by its route, and a key may be any bytes`() async throws {
      try await withServer(echo) { address, _ in
        let client = try RawClient(address)
        #expect(try await client.ask(get("/hello")).body == "hello")
        #expect(try await client.ask(get("/objects/a%2Fb%20c")).body == "a/b c")
        let bytes = try await client.ask(get("/objects/%ff%00"))
        #expect(bytes.field("content-length") == "2")
        #expect(try await client.ask(get("/query?a=b&c=%20")).body == "a=b&c=%20")
        #expect(try await client.ask(get("/query")).body == "")
      }
    }

    @Test(arguments: [
      ("GET", "/nothing", 404, "not-found"), ("GET", "/hello/", 404, "not-found"),
      ("GET", "/", 404, "not-found"),
      ("POST", "/hello", 405, "method-not-allowed"), ("GET", "/echo", 405, "method-not-allowed"),
      ("DELETE", "/hello", 405, "method-not-allowed"), ("BREW", "/hello", 400, "malformed"),
      ("GET", "/objects/%f", 400, "malformed"),
      ("GET", "/objects/%zz", 400, "malformed"), ("GET", "hello", 400, "malformed"),
      ("GET", "/fails", 500, "internal"),
    ])
    func `what has no answer is a problem`(method: String, path: String, status: Int, code: String)
      async throws
    {
      try await withServer(echo) { address, _ in
        let answer = try await RawClient(address).ask("\(method) \(path) HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(answer.status == status)
        #expect(answer.field("content-type") == "application/problem+json")
        #expect(answer.body.contains("\"code\":\"\(code)\""), "\(answer.body)")
        #expect(answer.body.contains("\"detail\":\"Expected ") || code == "internal")
        #expect(!answer.body.contains("secret"))
        if status == 405 { #expect(answer.field("allow") == (path == "/echo" ? "POST" : "GET")) }
      }
    }

    @Test func `HEAD is answered as GET, without the body`() async throws {
      try await withServer(echo) { address, _ in
        let client = try RawClient(address)
        try await client.send("HEAD /hello HTTP/1.1\r\nHost: test\r\n\r\n")
        let text = try await client.read(until: "\r\n\r\n")
        #expect(text.hasSuffix("\r\n\r\n"))
        #expect(text.lowercased().contains("content-length: 5"))
        #expect(try await client.ask(get("/hello")).body == "hello")
      }
    }

    @Test func `requests may come together, and are answered in their order`() async throws {
      try await withServer(echo) { address, _ in
        let client = try RawClient(address)
        try await client.send(
          get("/objects/1") + get("/objects/2") + get("/objects/3", "Connection: close\r\n"))
        let text = try await client.readToEnd()
        let bodies = text.components(separatedBy: "\r\n\r\n").dropFirst().map { $0.prefix(1) }
        #expect(bodies == ["1", "2", "3"])
      }
    }

    @Test func `an answer says when it was made`() async throws {
      try await withServer(echo) { address, _ in
        let date = try #require(try await RawClient(address).ask(get("/hello")).field("date"))
        #expect(date.wholeMatch(of: /[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/) != nil)
      }
    }
  }
}
