import Foundation
import SequiturHTTP
import TestBroker
import Testing

extension SequiturHTTPTests {
  struct ServerLifeTests {
    @Test func `a port that is taken is told, or another one is used`() async throws {
      try await withServer(echo) { address, _ in
        let second = HTTPServer(routes: echo, logger: quiet)
        let fault = try await #require(throws: HTTPServerFault.self) { try await second.start(at: address) }
        #expect(
          fault.description
            == "Expected to listen at \(address), but the port is taken. Name another port, or 0 for any free one."
        )
        let third = HTTPServer(routes: echo, hostNames: ["test"], logger: quiet)
        let other = try await third.start(at: address, orAnyPort: true)
        #expect(other.port != address.port && other.host == address.host)
        #expect(try await RawClient(other).ask(get("/hello")).status == 200)
        await third.stop()
      }
    }

    @Test(arguments: [
      (HTTPAddress(host: "192.0.2.1", port: 0), "this machine does not have that address"),
      (HTTPAddress(host: "no-such-host.invalid", port: 0), "no-such-host.invalid"),
    ])
    func `an address that is none of this machine's is told`(address: HTTPAddress, why: String) async throws {
      let server = HTTPServer(routes: echo, logger: quiet)
      let fault = try await #require(throws: HTTPServerFault.self) { try await server.start(at: address) }
      #expect(fault.description.contains(why), "\(fault)")
    }

    @Test func `an answer under way comes to its end when the server stops, and nothing new begins`()
      async throws
    {
      let (begun, begin) = AsyncStream.makeStream(of: Void.self)
      let (gate, open) = AsyncStream.makeStream(of: Void.self)
      let slow: [HTTPRoute] = [
        .get("/slow") { _ in
          begin.finish()
          for await _ in gate {}
          return HTTPAnswer(.ok, "text/plain", Array("done".utf8))
        }
      ]
      let server = HTTPServer(routes: slow, limits: patient, hostNames: ["test"], logger: quiet)
      let address = try await server.start(at: HTTPAddress(host: "127.0.0.1", port: 0))
      let client = try RawClient(address)
      try await client.send(get("/slow"))
      for await _ in begun {}
      let stopping = Task { await server.stop() }
      try await eventually("the server to listen no more") { (try? RawClient(address)) == nil }
      open.finish()
      #expect(try await client.answer().body == "done")
      await stopping.value
    }

    @Test func `an answer that does not end is cut off when the time to drain is over`() async throws {
      var limits = patient
      limits.drainTime = .milliseconds(200)
      let (begun, begin) = AsyncStream.makeStream(of: Void.self)
      // Nobody ever opens it.
      let (gate, open) = AsyncStream.makeStream(of: Void.self)
      defer { open.finish() }
      let stuck: [HTTPRoute] = [
        .get("/stuck") { _ in
          begin.finish()
          for await _ in gate {}
          return HTTPAnswer(.ok, "text/plain", [])
        }
      ]
      let server = HTTPServer(routes: stuck, limits: limits, hostNames: ["test"], logger: quiet)
      let address = try await server.start(at: HTTPAddress(host: "127.0.0.1", port: 0))
      let client = try RawClient(address)
      try await client.send(get("/stuck"))
      for await _ in begun {}
      await server.stop()
      #expect(try await client.readToEnd() == "")
    }
  }

  struct TLSTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("tls"))

    private func makePair(_ name: String) async throws -> TLSFiles {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let files = TLSFiles(
        certificate: folder.appending(path: "\(name).crt").path,
        key: folder.appending(path: "\(name).key").path)
      let made = try await RunningProgram.run(
        "openssl",
        arguments: [
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
          "subjectAltName=IP:127.0.0.1", "-keyout", files.key, "-out", files.certificate,
        ])
      #expect(made.exit == .code(0))
      return files
    }

    @Test func `a certificate that is out of its time, or a key that all may read, is told with the cure`()
      async throws
    {
      let files = try await makePair("one")
      defer { try? FileManager.default.removeItem(at: folder) }
      let now = Int(Date().timeIntervalSince1970)
      let day = 86_400
      func told(_ days: Int) -> [String] { files.warnings(now: now + days * day) }
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: files.key)
      // The pair is valid for two days.
      #expect(told(0).count == 1 && told(0)[0].contains(/expires in (1 day|2 days)\. Renew it/), "\(told(0))")
      #expect(told(-20).count == 1 && told(-20)[0].contains("not valid yet"), "\(told(-20))")
      #expect(told(10).count == 1 && told(10)[0].contains(/expired [78] days ago/), "\(told(10))")
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: files.key)
      #expect(told(0).contains { $0.contains("may read the key") && $0.contains("chmod 600") })
      #expect(TLSFiles(certificate: "/none", key: "/none").warnings(now: now) == [])
    }

    @Test func `a server with a certificate speaks TLS`() async throws {
      let files = try await makePair("one")
      defer { try? FileManager.default.removeItem(at: folder) }
      try await withServer(echo, tls: files) { address, _ in
        let result = try await RunningProgram.run(
          "curl", arguments: ["-s", "--cacert", files.certificate, "https://\(address)/hello"])
        #expect(result.output.standardOutput == "hello")
        // Plain HTTP is no TLS: closed, and others are still served.
        #expect(try await RawClient(address).readAfter(get("/hello")) == "")
      }
    }

    @Test func `a certificate or key that cannot be used is told with the file`() async throws {
      let (one, other) = (try await makePair("one"), try await makePair("other"))
      defer { try? FileManager.default.removeItem(at: folder) }
      let text = folder.appending(path: "text").path
      try Data("no certificate".utf8).write(to: URL(filePath: text))
      let cases: [(TLSFiles, String)] = [
        (
          TLSFiles(certificate: folder.path + "/none", key: one.key),
          "Expected to read a certificate in PEM form from"
        ),
        (TLSFiles(certificate: text, key: one.key), "Expected a certificate in PEM form in"),
        (
          TLSFiles(certificate: one.certificate, key: folder.path),
          "Expected to read a private key in PEM form from"
        ),
        (TLSFiles(certificate: one.certificate, key: text), "Expected a private key in PEM form"),
        (TLSFiles(certificate: one.certificate, key: other.key), "they do not go together"),
      ]
      for (files, why) in cases {
        let server = HTTPServer(routes: echo, tls: files, logger: quiet)
        let fault = try await #require(throws: HTTPServerFault.self) {
          try await server.start(at: HTTPAddress(host: "127.0.0.1", port: 0))
        }
        #expect(fault.description.contains(why), "\(fault)")
        #expect(fault.description.contains("no certificate") == false)
      }
    }
  }
}

extension RawClient {
  fileprivate func readAfter(_ request: String) async throws -> String {
    try await send(request)
    return try await readToEnd()
  }
}
