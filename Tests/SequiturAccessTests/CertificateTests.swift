import Foundation
import SequiturHTTP
import TestBroker
import Testing

@testable import SequiturAccess

/// Clients that show a certificate (mutual TLS).
@Suite(.serialized, .timeLimit(.minutes(5))) struct CertificateTests {
  private func openssl(_ arguments: String..., in directory: AccessDirectory) async throws {
    let made = try await RunningProgram.run(
      "sh", arguments: ["-c", "cd \"$0\" && exec openssl \"$@\"", directory.url.path] + arguments)
    #expect(made.exit == .code(0), "\(made.output.standardError)")
  }

  /// An authority of this name, and a certificate of each subject and extension that it vouches for.
  private func authority(
    _ name: String, _ clients: [(file: String, subject: String, extensions: String)],
    in directory: AccessDirectory
  ) async throws {
    try await openssl(
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj",
      "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).pem", in: directory)
    for client in clients {
      try await openssl(
        "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", client.subject,
        "-keyout",
        "\(client.file).key", "-out", "\(client.file).csr", in: directory)
      try directory.write("\(client.file).ext", client.extensions)
      try await openssl(
        "x509", "-req", "-in", "\(client.file).csr", "-CA", "\(name).pem", "-CAkey", "\(name).key",
        "-CAcreateserial", "-days",
        "2", "-extfile", "\(client.file).ext", "-out", "\(client.file).pem", in: directory)
    }
  }

  private static let file = """
    certificates: {authority: clients.pem}
    tokens: [{subject: shop, sha256: \(digest("token"))}]
    rules: [{everyone: true, may: read}]
    """

  @Test
  func `a certificate that the authority vouches for names its subject, and another one ends the connection`()
    async throws
  {
    let directory = try AccessDirectory()
    defer { directory.remove() }
    try await authority(
      "clients",
      [
        ("server", "/CN=localhost", "subjectAltName=IP:127.0.0.1"),
        ("ada", "/O=Shops/CN=ada", "subjectAltName=URI:spiffe://x/ada"),
        ("nobody", "/O=Shops", "subjectAltName=DNS:nobody.example"),
      ], in: directory)
    try await authority("others", [("eve", "/CN=ada", "")], in: directory)
    let gate = try await AccessGate(file: directory.write("access.yaml", Self.file), logger: quiet)
    let route = HTTPRoute.get("/who") { call in
      HTTPAnswer(.ok, "text/plain", Array((call.caller.subject ?? "").utf8))
    }
    let server = HTTPServer(
      routes: [route],
      tls: TLSFiles(
        certificate: directory.url.appending(path: "server.pem").path,
        key: directory.url.appending(path: "server.key").path),
      authenticator: gate, logger: quiet)
    let address = try await server.start(at: HTTPAddress(host: "127.0.0.1", port: 0))
    func ask(_ name: String?, _ more: String...) async throws -> (exit: Int32?, text: String) {
      let own = name.map { ["--cert", "\($0).pem", "--key", "\($0).key"] } ?? []
      let result = try await RunningProgram.run(
        "sh",
        arguments: [
          "-c", "cd \"$0\" && exec curl \"$@\"", directory.url.path, "-s", "--cacert", "clients.pem",
          "https://127.0.0.1:\(address.port)/who",
        ] + own + more)
      if case .code(let code) = result.exit { return (code, result.output.standardOutput) }
      return (nil, result.output.standardOutput)
    }
    #expect(try await ask("ada") == (0, "ada"))
    // A token goes over the certificate, also one that is refused.
    #expect(try await ask("ada", "-H", "Authorization: Bearer token") == (0, "shop"))
    #expect(try await ask("ada", "-H", "Authorization: Bearer other").text.contains("invalid-token"))
    #expect(try await ask(nil, "-H", "Authorization: Bearer token") == (0, "shop"))
    let without = try await ask(nil)
    #expect(without.exit == 0 && without.text.contains("no Authorization and no certificate"))
    #expect(try await ask("nobody").text.contains("it has no common-name"))
    let forged = try await ask("eve")
    #expect(forged.exit != 0 && forged.text.isEmpty, "\(forged)")
    await server.stop()
  }

  @Test func `names of a certificate are read where the file says, and its end counts`() async throws {
    let directory = try AccessDirectory()
    defer { directory.remove() }
    try await authority(
      "clients",
      [
        ("ada", "/CN=ada", "subjectAltName=URI:spiffe://x/ada,DNS:ada.example"),
        ("two", "/CN=one/CN=two", "subjectAltName=DNS:a.example,DNS:b.example"),
      ], in: directory)
    func bytes(_ name: String) async throws -> [UInt8] {
      try await openssl("x509", "-in", "\(name).pem", "-outform", "DER", "-out", "\(name).der", in: directory)
      return Array(try Data(contentsOf: directory.url.appending(path: "\(name).der")))
    }
    let (ada, two) = (try await bytes("ada"), try await bytes("two"))
    let time = Date().timeIntervalSince1970
    for (place, name) in [
      (CertificateName.Place.commonName, "ada"), (.uri, "spiffe://x/ada"), (.dns, "ada.example"),
    ] {
      let identity = try CertificateName.identity(ada, place, now: time)
      #expect(identity.subject == name)
      #expect(identity.expires.map { $0 > time + 86_400 && $0 <= time + 2 * 86_400 } ?? false)
    }
    #expect(throws: TokenClaims.Refusal.self) {
      try CertificateName.identity(ada, .uri, now: time + 3 * 86_400)
    }
    for place in CertificateName.Place.allCases {
      #expect(throws: TokenClaims.Refusal.self) { try CertificateName.identity(two, place, now: time) }
    }
    #expect(throws: TokenClaims.Refusal.self) { try CertificateName.identity([1, 2, 3], .dns, now: time) }
  }

  @Test func `certificates are asked for over TLS alone`() async throws {
    let directory = try AccessDirectory()
    defer { directory.remove() }
    try await authority("clients", [], in: directory)
    let gate = try await AccessGate(file: directory.write("access.yaml", Self.file), logger: quiet)
    let server = HTTPServer(routes: [], authenticator: gate, logger: quiet)
    let fault = try await #require(throws: HTTPServerFault.self) {
      try await server.start(at: HTTPAddress(host: "127.0.0.1", port: 0))
    }
    #expect(fault.description.contains("--http-certificate"))
  }
}
