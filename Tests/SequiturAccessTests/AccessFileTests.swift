import Testing

@testable import SequiturAccess

/// What an access file may say, and where a fault of it stands.
struct AccessFileTests {
  private static let hash = String(repeating: "ab", count: 32)

  private func read(_ text: String) throws(AccessFault) -> AccessDocument {
    try AccessFileReader.read(Array(text.utf8), path: "access.yaml")
  }

  @Test func `a whole file is read`() throws {
    let document = try read(
      """
      jwt:
        issuer: https://login.example
        audience: sequitur
        keys: jwks.json
        subject-claim: preferred_username
        groups-claim: roles
        leeway: 5s
      tokens:
        - {subject: shop, sha256: \(Self.hash), groups: [shops]}
      certificates: {authority: ca.pem, subject-from: uri}
      rules:
        - {subject: shop, may: [read, write], keys: order-, commands: [create, pay]}
        - {group: clerks, may: read}
        - {everyone: true, may: operate}
      """)
    #expect(document.jwt?.keys == "jwks.json")
    #expect(document.jwt?.expected.subjectClaim == "preferred_username")
    #expect(document.jwt?.expected.groupsClaim == "roles")
    #expect(document.jwt?.expected.leeway == 5)
    #expect(document.certificates == .init(authority: "ca.pem", place: .uri))
    #expect(document.tokens.map(\.identity) == [Identity(subject: "shop", groups: ["shops"])])
    #expect(document.tokens.map(\.digest) == [[UInt8](repeating: 0xAB, count: 32)])
    #expect(
      document.rules == [
        AccessRule(
          who: .subject("shop"), rights: [.read, .write], keyPrefix: Array("order-".utf8),
          commands: ["create", "pay"]),
        AccessRule(who: .group("clerks"), rights: [.read]), AccessRule(who: .everyone, rights: [.operate]),
      ])
  }

  private static let tokens = "tokens: [{subject: a, sha256: \(hash)}]\n"

  private static let faults: [(String, String)] = [
    ("", "it is empty"), ("[]", "1:1: Expected the file to be a mapping"),
    ("x", "1:1: Expected the file to be a mapping"),
    ("a: [", "access.yaml:"), ("a: *b", "no aliases"), ("{a: &x 1, b: *x}", "no aliases"),
    ("rules: []\nrules: []", "twice"),
    (
      "\(tokens)rule: []",
      "2:1: Expected a field of the file (jwt, tokens, certificates, rules), but found another name (Did you mean `rules`?)"
    ),
    (tokens, "there are none"), ("\(tokens)rules: []", "there are none"),
    ("rules: [{everyone: true, may: read}]", "nobody can prove"),
    ("\(tokens)rules: {a: b}", "2:8: Expected rules to be a list"),
    (
      "\(tokens)rules: [{may: read}]",
      "2:9: Expected a rule to have one of subject, group and everyone, but it has none"
    ),
    ("\(tokens)rules: [{subject: a, everyone: true, may: read}]", "it has several"),
    ("\(tokens)rules: [{subject: a}]", "Expected a rule to have may"),
    ("\(tokens)rules: [{subject: a, may: rite}]", "found another word (Did you mean `write`?)"),
    ("\(tokens)rules: [{subject: a, may: []}]", "Expected may to name something"),
    ("\(tokens)rules: [{subject: a, may: read, keys: ''}]", "Expected keys to have 1 to 1024 bytes"),
    ("\(tokens)rules: [{subject: a, may: read, keys: }]", "Expected keys to be a text, but it is nothing"),
    ("\(tokens)rules: [{subject: a, may: read, keys: [a]}]", "Expected keys to be a text, but it is a list"),
    ("\(tokens)rules: [{subject: a, may: read, commands: pay}]", "Expected commands with the right to write"),
    ("\(tokens)rules: [{subject: a, may: write, commands: []}]", "Expected commands to name something"),
    ("\(tokens)rules: [{subject: a, may: [read, operate], keys: b}]", "a rule of its own for operate"),
    ("\(tokens)rules: [{everyone: false, may: read}]", "Expected everyone to be true"),
    ("\(tokens)rules: [{subject: aa, may: read}]", "none has this one"),
    ("\(tokens)rules: [{group: g, may: read}]", "Expected a group of one of the tokens"),
    (
      "tokens: [{subject: a, sha256: abc}]\nrules: [{subject: a, may: read}]",
      "1:31: Expected the SHA-256 of a token in 64 hexadecimal digits"
    ),
    (
      "tokens: [{subject: a, sha256: +\(hash.dropFirst())}]\nrules: [{subject: a, may: read}]",
      "64 hexadecimal digits"
    ),
    (
      "tokens: [{subject: a, token: hunter2-hunter2}]\nrules: [{subject: a, may: read}]",
      "1:23: Expected a field of a token (subject, sha256, groups), but found another name"
    ),
    ("tokens: [{sha256: \(hash)}]\nrules: [{subject: a, may: read}]", "Expected a token to have subject"),
    (
      "tokens: [{subject: a, sha256: \(hash)}, {subject: b, sha256: \(hash)}]\nrules: [{subject: a, may: read}]",
      "this one stands above"
    ),
    (
      "tokens: [{subject: \"a\\u0007\", sha256: \(hash)}]\nrules: [{everyone: true, may: read}]",
      "without controls"
    ),
    ("jwt: {issuer: a, audience: b}\nrules: [{everyone: true, may: read}]", "1:6: Expected jwt to have keys"),
    (
      "jwt: {issuer: a, audience: b, keys: c, leeway: 6m}\nrules: [{everyone: true, may: read}]", "at most 5m"
    ),
    ("jwt: {issuer: a, audience: b, keys: c, leeway: 5}\nrules: [{everyone: true, may: read}]", "at most 5m"),
    (
      "jwt: {issuer: a, audience: b, keys: c, algorithm: none}\nrules: [{everyone: true, may: read}]",
      "found another name"
    ),
    (
      "certificates: {authority: a, subject-from: email}\nrules: [{everyone: true, may: read}]",
      "one of common-name, dns, uri"
    ),
    ("certificates: {}\nrules: [{everyone: true, may: read}]", "Expected certificates to have authority"),
  ]

  @Test(arguments: faults)
  func `a fault is told with its place, and no text of the file`(text: String, sentence: String) {
    do throws(AccessFault) {
      _ = try read(text)
      Issue.record("\(text) was read")
    } catch {
      #expect(error.description.contains(sentence), "\(error)")
      #expect(!error.description.contains("hunter2"))
      #expect(!error.description.contains(String(repeating: "ab", count: 16)))
    }
  }

  @Test func `all faults are told at once`() {
    do throws(AccessFault) {
      _ = try read(
        "\(Self.tokens)rules: [{subject: a, may: rite}, {may: read}, {group: a, may: read, kind: x}]")
      Issue.record("it was read")
    } catch {
      #expect(error.description.split(separator: "\n").count >= 3, "\(error)")
    }
  }
}
