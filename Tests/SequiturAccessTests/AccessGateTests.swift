import HTTPTypes
import Logging
import SequiturHTTP
import Synchronization
import Testing

@testable import SequiturAccess

/// Who asks, as the gate finds it out.
struct AccessGateTests {
  private static let secret = "s3cret-of-the-shop/+=._~-"

  private func with(
    _ file: String? = nil, mode: Int = 0o600, logger: Logger = quiet,
    _ body: (AccessGate, AccessDirectory, Issuer) async throws -> Void
  ) async throws {
    let directory = try AccessDirectory()
    defer { directory.remove() }
    let issuer = Issuer()
    try directory.write("jwks.json", String(decoding: keySet(issuer.jwk("one")), as: UTF8.self))
    let path = try directory.write("access.yaml", file ?? Self.file, mode: mode)
    let gate = try await AccessGate(file: path, clock: { now }, logger: logger)
    try await body(gate, directory, issuer)
  }

  private static let file = """
    jwt: {issuer: issuer, audience: sequitur, keys: jwks.json}
    tokens:
      - {subject: other, sha256: \(digest("another"))}
      - {subject: shop, sha256: \(digest(secret)), groups: [shops]}
    rules: [{group: shops, may: read}, {subject: ada, may: write}]
    """

  private func refusal(_ gate: AccessGate, _ head: HTTPRequest) -> Problem? {
    do throws(Problem) {
      _ = try gate.caller(of: head, certificate: nil)
      return nil
    } catch {
      return error
    }
  }

  @Test func `tokens of the file and of an issuer name their subject`() async throws {
    try await with { gate, _, issuer in
      for scheme in ["Bearer", "bearer", "BEARER", "Bearer "] {
        let shop = try gate.caller(of: request("\(scheme) \(Self.secret)"), certificate: nil)
        #expect(shop.subject == "shop" && shop.expires == nil && shop.may(.read(key: nil)))
        #expect(!shop.may(.write(key: nil, command: nil)))
      }
      let ada = try gate.caller(of: request("Bearer \(issuer.sign(claims()))"), certificate: nil)
      #expect(ada.subject == "ada" && ada.expires == now + 90 && ada.may(.write(key: nil, command: nil)))
    }
  }

  @Test
  func `who proves nothing is asked for a token, and who proves it wrongly is told so without the token`()
    async throws
  {
    try await with { gate, _, issuer in
      let none = try #require(refusal(gate, request()))
      #expect(none.status == .unauthorized && none.code == "unauthenticated")
      #expect(none.answer.fields[.wwwAuthenticate] == "Bearer realm=\"sequitur\"")
      let expired = try issuer.sign(claims(["exp": "1"]))
      for head in [
        request("Bearer"), request("Bearer "), request(Self.secret), request("Basic \(Self.secret)"),
        request(""),
        request("Bearer \(Self.secret) x"), request("Bearer \(Self.secret)x"),
        request("Bearer \(Self.secret.dropLast())"),
        request("Bearer \(Self.secret.uppercased())"), request("Bearer a\u{e9}\(Self.secret)"),
        request("Bearer \(expired)"),
        request("Bearer \(String(repeating: "a", count: 13_000))"),
        request("Bearer \(Self.secret)", "Bearer \(Self.secret)"),
        request("Bearer \(Self.secret)", "Basic x"),
      ] {
        let problem = try #require(refusal(gate, head), "\(head.headerFields)")
        #expect(problem.status == .unauthorized && problem.code == "invalid-token")
        #expect(
          problem.answer.fields[.wwwAuthenticate] == "Bearer realm=\"sequitur\", error=\"invalid_token\"")
        #expect(!problem.detail.contains(Self.secret.prefix(6)) && !problem.detail.contains("eyJ"))
      }
    }
  }

  @Test(
    arguments: [
      ([1, 2], [1, 2], 1), ([1, 2], [1, 3], 0), ([1, 2], [0, 2], 0), ([], [], 1), ([1], [1, 2], 0),
      ([255], [0], 0), ([128, 0], [0, 128], 0), ([0, 0, 1], [0, 0, 0], 0),
    ] as [([UInt8], [UInt8], Int)])
  func `hashes are compared to their end`(one: [UInt8], other: [UInt8], isEqual: Int) {
    #expect(StaticTokens.areEqual(one, other) == isEqual)
  }

  @Test func `another file counts once it is whole, and a broken one leaves the one before`() async throws {
    let log = RecordedLog()
    try await with(logger: log.logger) { gate, directory, issuer in
      func subject(_ token: String) -> String? {
        (try? gate.caller(of: request("Bearer \(token)"), certificate: nil))?.subject
      }
      await gate.look()
      #expect(log.lines.isEmpty)
      try directory.write("access.yaml", Self.file.replacing(digest("another"), with: digest("fresh")))
      await gate.look()
      #expect(subject("another") == nil)
      #expect(subject("fresh") == "other")
      try directory.write("access.yaml", "rules: [")
      await gate.look()
      #expect(subject("fresh") == "other")
      await gate.look()
      #expect(log.lines.filter { $0.contains("cannot be read") }.count == 1, "\(log.lines)")
      try directory.write("access.yaml", Self.file)
      await gate.look()
      #expect(subject("another") == "other")
      // So do the keys of the issuer.
      let next = Issuer()
      let old = try issuer.sign(claims())
      #expect(subject(old) == "ada")
      try directory.write("jwks.json", String(decoding: keySet(next.jwk("one")), as: UTF8.self))
      await gate.look()
      #expect(subject(old) == nil)
      #expect(subject(try next.sign(claims())) == "ada")
      #expect(!log.lines.contains { $0.contains("fresh") || $0.contains(digest("fresh")) })
    }
  }

  @Test func `a file that every user may write is refused, and hashes that every user may read are told`()
    async throws
  {
    await #expect {
      try await with(mode: 0o602) { _, _, _ in }
    } throws: { error in
      "\(error)".contains("give themselves any right")
    }
    let log = RecordedLog()
    try await with(mode: 0o604, logger: log.logger) { _, _, _ in }
    #expect(log.lines.contains { $0.contains("chmod 600") })
  }

  @Test(arguments: [
    ("keys: jwks.json", "keys: none.json", "none.json"),
    ("keys: jwks.json", "keys: access.yaml", "no JWK set"),
    ("keys: jwks.json", "keys: .", "a directory"),
    ("rules:", "certificates: {authority: gone.pem}\nrules:", "gone.pem"),
  ])
  func `a file that is named and cannot be used is told`(old: String, new: String, sentence: String)
    async throws
  {
    await #expect {
      try await with(Self.file.replacing(old, with: new)) { _, _, _ in }
    } throws: { error in
      "\(error)".contains(sentence)
    }
  }
}

/// What was logged.
final class RecordedLog: Sendable {
  private let all = Mutex<[String]>([])

  var lines: [String] { all.withLock { $0 } }

  var logger: Logger {
    Logger(label: "test") { _ in Handler(log: self) }
  }

  private struct Handler: LogHandler {
    let log: RecordedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      log.all.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
  }
}
