import Testing

@testable import SequiturHTTP

extension SequiturHTTPTests {
  /// Another host's page in a browser on this machine must not ask a loopback door.
  struct HostNameTests {
    @Test(arguments: [
      ("localhost", 200), ("LOCALHOST:9464", 200), ("localhost.:80", 200), ("app.localhost:1", 200),
      ("127.0.0.1", 200), ("10.1.2.3:9464", 200), ("[::1]:9464", 200), ("proxy.example:443", 200), ("", 200),
      ("evil.example", 421), ("evil.example:9464", 421), ("localhost.evil.example", 421),
      ("127.0.0.1.evil.example", 421), ("1.2.3", 421), ("999.0.0.1", 421), ("[evil]", 421),
      ("evillocalhost", 421), ("xn--lcalhost-n2a", 421),
    ])
    func `a loopback door answers this machine's names alone`(host: String, status: Int) async throws {
      try await withServer(echo, hostNames: ["Proxy.example"]) { address, _ in
        let answer = try await RawClient(address).ask("GET /hello HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(answer.status == status, "\(host)")
        #expect(status == 200 || answer.body.contains("\"code\":\"wrong-host\""))
      }
    }

    @Test(arguments: [
      ("GET /hello", "", 400), ("GET /hello", "Host: test\r\nHost: test\r\n", 400),
      ("GET /hello", "Host:\r\n", 200),
      ("GET /none", "", 400), ("POST /hello", "", 400), ("GET /hello", "host: test\r\n", 200),
      ("GET /hello", "Host: test\r\nhost: other\r\n", 400), ("GET /open", "", 200), ("HEAD /open", "", 200),
    ])
    func `a request has one Host, but for probes`(line: String, fields: String, status: Int) async throws {
      let routes = echo + [.get("/open", access: .open) { _ in .json([]) }]
      try await withServer(routes) { address, _ in
        let answer = try await RawClient(address).ask(
          "\(line) HTTP/1.1\r\n\(fields)Connection: close\r\n\r\n")
        #expect(answer.status == status, "\(line) \(fields)")
      }
    }

    @Test func `any name is taken where that was asked for, and at an address that others reach`() {
      let loopback = HTTPAddress(host: "127.0.0.1", port: 1)
      #expect(HostNames(for: loopback, and: ["*"]) == nil)
      #expect(HostNames(for: HTTPAddress(host: "0.0.0.0", port: 1), and: []) == nil)
      #expect(
        HostNames(for: HTTPAddress(host: "localhost", port: 1), and: [])?.allows("evil.example") == false)
      #expect(HostNames(for: loopback, and: [])?.allows(nil) == true)
    }
  }
}
