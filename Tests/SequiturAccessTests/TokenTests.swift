import CryptoExtras
import Foundation
import JWTKit
import SequiturHTTP
import Testing

@testable import SequiturAccess

/// Tokens that an issuer signed.
struct TokenTests {
  @Test func `a token of a known key counts, with its subject, groups and end`() async throws {
    let issuer = Issuer()
    let verifier = try await verifier(keySet(issuer.jwk("one")))
    let token = try issuer.sign(claims(["groups": #"["clerks","eu"]"#]))
    let identity = try verifier.identity(of: token, now: now)
    #expect(identity == Identity(subject: "ada", groups: ["clerks", "eu"], expires: now + 90))
    let words = try verifier.identity(of: issuer.sign(claims(["groups": #""a b""#])), now: now)
    #expect(words.groups == ["a", "b"])
  }

  private static let changes: [([String: String?], String?)] = [
    (["exp": "\(Int(now) - 29)"], nil), (["exp": "\(Int(now) - 30)"], "it has expired"),
    (["exp": "\(now - 29.5)"], nil), (["exp": "1"], "it has expired"), (["exp": "-1"], "it has expired"),
    (["exp": nil], "it says no time of its end (exp)"), (["exp": "\"soon\""], "its exp is no time"),
    (["exp": "true"], "its exp is no time"), (["exp": "null"], "its exp is no time"),
    (["exp": "1e300"], nil),
    (["nbf": "\(Int(now) + 30)"], nil), (["nbf": "\(Int(now) + 31)"], "it is not valid yet (nbf)"),
    (["nbf": "[]"], "its nbf is no time"),
    (["iat": "\(Int(now) + 30)"], nil),
    (
      ["iat": "\(Int(now) + 31)"],
      "it was issued later than now (iat): this machine's clock, or the issuer's, is wrong"
    ),
    (["iss": "\"Issuer\""], "another one issued it"), (["iss": nil], "another one issued it"),
    (["iss": "[\"issuer\"]"], "another one issued it"),
    (["aud": "\"other\""], "it is for another audience"), (["aud": nil], "it is for another audience"),
    (["aud": #"["other","sequitur"]"#], nil), (["aud": "[]"], "it is for another audience"),
    (["aud": #"["sequitur",1]"#], "it is for another audience"),
    (["sub": nil], "it names no subject of 1 to 256 bytes without controls"),
    (["sub": "\"\""], "it names no subject of 1 to 256 bytes without controls"),
    (["sub": #""a\nb""#], "it names no subject of 1 to 256 bytes without controls"),
    (["sub": "7"], "it names no subject of 1 to 256 bytes without controls"),
    (
      ["sub": "\"\(String(repeating: "s", count: 257))\""],
      "it names no subject of 1 to 256 bytes without controls"
    ),
    (["groups": "7"], "its groups are no list of texts"),
  ]

  @Test(arguments: changes)
  func `a token counts in its time, from its issuer, for its audience and with a subject`(
    changes: [String: String?], reason: String?
  ) async throws {
    let issuer = Issuer()
    let verifier = try await verifier(keySet(issuer.jwk("one")))
    #expect(refusal(try issuer.sign(claims(changes)), verifier) == reason, "\(changes)")
  }

  @Test func `a clock that jumps lets no token count before or behind its time`() async throws {
    let issuer = Issuer()
    let verifier = try await verifier(keySet(issuer.jwk("one")))
    let token = try issuer.sign(claims(["iat": "\(Int(now))", "nbf": "\(Int(now))"]))
    for (jump, counts) in [
      (0.0, true), (-30, true), (-31, false), (-1e9, false), (89, true), (90, false), (1e9, false), (0, true),
    ] {
      #expect((refusal(token, verifier, at: now + jump) == nil) == counts, "\(jump)")
    }
  }

  static let unknown = "there is no key of the name and the algorithm that it names"

  @Test(
    arguments: [
      (#"{"alg":"none","kid":"one"}"#, unknown), (#"{"alg":"None"}"#, unknown),
      (#"{"alg":"","kid":"one"}"#, unknown),
      (#"{"alg":"HS256","kid":"one"}"#, unknown), (#"{"alg":"RS256","kid":"one"}"#, unknown),
      (#"{"alg":"ES384","kid":"one"}"#, unknown), (#"{"alg":"es256","kid":"one"}"#, unknown),
      (#"{"alg":"ES256","kid":"two"}"#, unknown), (#"{"alg":"ES256","kid":""}"#, unknown),
      (#"{"alg":"ES256"}"#, nil), (#"{"alg":"ES256","kid":"one","typ":"at+jwt"}"#, nil),
      (#"{"alg":"ES256","kid":"one","typ":"dpop+jwt"}"#, "it is a token of another type"),
      (#"{"alg":"ES256","kid":"one","crit":["exp"]}"#, "its header asks for an extension"),
      (#"{"alg":"ES256","kid":"one","crit":null}"#, "its header asks for an extension"),
      (#"{"alg":["ES256"],"kid":"one"}"#, "its header is none"), (#"["ES256"]"#, "its header is none"),
      ("", "its header is none"), (#"{"kid":"one"}"#, "its header is none"),
      // A key that the token brings along is not looked at.
      (#"{"alg":"ES256","kid":"two","jwk":{"kty":"EC"},"jku":"https://evil.example","x5u":"x"}"#, unknown),
    ] as [(String, String?)])
  func `a token's header chooses no key and no algorithm that the set does not have`(
    header: String, reason: String?
  ) async throws {
    let issuer = Issuer()
    let verifier = try await verifier(keySet(issuer.jwk("one")))
    #expect(refusal(try issuer.sign(claims(), header), verifier) == reason)
  }

  @Test func `a public key is no secret of an HMAC, and an unsigned token none`() async throws {
    let issuer = Issuer()
    let verifier = try await verifier(keySet(issuer.jwk("one")))
    let point = issuer.key.publicKey
    for secret in [Data(point.pemRepresentation.utf8), point.derRepresentation, point.x963Representation] {
      for id in ["", ",\"kid\":\"one\""] {
        let text =
          base64URL(Array("{\"alg\":\"HS256\"\(id)}".utf8)) + "." + base64URL(Array(claims().utf8))
        let forged =
          text + "." + base64URL(HMACAuthentication.code(Data(text.utf8), secret))
        #expect(refusal(forged, verifier) == Self.unknown)
      }
    }
    for header in [#"{"alg":"none"}"#, #"{"alg":"none","kid":"one"}"#] {
      #expect(
        refusal("\(base64URL(Array(header.utf8))).\(base64URL(Array(claims().utf8))).", verifier)
          == Self.unknown)
    }
  }

  @Test func `a token that was changed, cut or put together does not count`() async throws {
    let (issuer, other) = (Issuer(), Issuer())
    let verifier = try await verifier(keySet(issuer.jwk("one"), other.jwk("two")))
    let token = try issuer.sign(claims())
    let parts = token.split(separator: ".")
    let foreign = try other.sign(claims())
    let signature = "its signature is not that of the key that it names"
    let shape = "it is not of three parts in base64url"
    for (text, reason) in [
      (foreign, signature),
      (try other.sign(claims(), #"{"alg":"ES256","kid":"two"}"#), nil),
      ("\(parts[0]).\(base64URL(Array(claims(["sub": "\"eve\""]).utf8))).\(parts[2])", signature),
      ("\(parts[0]).\(parts[1]).\(foreign.split(separator: ".")[2])", signature),
      ("\(parts[0]).\(parts[1]).", signature), ("\(parts[0]).\(parts[1])", shape), ("", shape),
      ("..", "its header is none"),
      ("\(token).x", shape), ("\(token)=", shape),
      ("\(parts[0]).\(parts[1]).\(parts[2].dropLast(2))", signature),
      ("\(parts[0])+.\(parts[1]).\(parts[2])", shape),
    ] as [(String, String?)] {
      #expect(refusal(text, verifier) == reason, "\(text)")
    }
    // With two keys a token must name its own.
    #expect(refusal(try issuer.sign(claims(), #"{"alg":"ES256"}"#), verifier) == Self.unknown)
  }

  @Test(arguments: [
    (#"{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"a"}]}"#, "secret key"),
    (#"{"keys":[]}"#, "no key that signs"), (#"{}"#, "no JWK set"), ("[]", "no JWK set"), ("", "no JWK set"),
    (#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"a"}]}"#, "cannot be read"),
    (#"{"keys":[{"kty":"EC","crv":"P-256","d":"AA","x":"AA","y":"AA","kid":"a"}]}"#, "private key"),
    (#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"a"}]}"#, "fewer than 2048 bits"),
    (
      #"{"keys":[{"kty":"EC","crv":"P-256","use":"enc","kid":"a"},{"kty":"AKP","kid":"b"}]}"#,
      "no key that signs"
    ),
    (#"{"keys":[{"kty":"EC","crv":"P-256","alg":"RS256","kid":"a"}]}"#, "no key that signs"),
  ])
  func `a set of keys is refused with its reason`(set: String, reason: String) async throws {
    await #expect {
      _ = try await PublicKeys(Array(set.utf8))
    } throws: { error in
      (error as? PublicKeys.Fault)?.reason.contains(reason) ?? false
    }
  }

  @Test func `keys of one name, or several without, are refused; other kinds beside them are not`()
    async throws
  {
    let (one, two) = (Issuer(), Issuer())
    for set in [
      keySet(one.jwk("a"), two.jwk("a")), keySet(one.jwk(nil), two.jwk(nil)),
      keySet(one.jwk(nil), two.jwk("a")),
    ] {
      await #expect(throws: PublicKeys.Fault.self) { _ = try await PublicKeys(set) }
    }
    let mixed = try await PublicKeys(
      keySet(one.jwk("a"), #"{"kty":"AKP","kid":"b"}"#, #"{"kty":"RSA","use":"enc"}"#))
    #expect(mixed.count == 1)
    #expect(try await PublicKeys(keySet(one.jwk(nil))).verifier("any", "ES256") != nil)
  }

  /// The examples of the RFCs, which nobody here made.
  @Test func `signatures of RFC 7515 and RFC 8037 are verified`() async throws {
    let examples = [
      (
        #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
      ),
      (
        #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        "Example of Ed25519 signing"
      ),
    ]
    for (key, token, payload) in examples {
      let verifier = try await verifier(keySet(key))
      #expect(String(decoding: try verifier.payload(of: token), as: UTF8.self) == payload)
      let changed = token.replacing("eyJ", with: "eyK", maxReplacements: 1)
      #expect(throws: TokenClaims.Refusal.self) { try verifier.payload(of: changed) }
    }
  }

  @Test func `RSA keys verify with each of their algorithms, in any order, and with one that is named`()
    async throws
  {
    let key = try Insecure.RSA.PrivateKey(backing: _RSA.Signing.PrivateKey(keySize: .bits2048))
    let parts = try key.publicKey.getKeyPrimitives()
    let jwk = { (more: String) in
      "{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"\(base64URL(parts.modulus))\",\"e\":\"\(base64URL(parts.publicExponent))\"\(more)}"
    }
    let open = try await verifier(keySet(jwk("")))
    let bound = try await verifier(keySet(jwk(",\"alg\":\"RS256\",\"use\":\"sig\"")))
    struct Claims: JWTPayload {
      var iss = "issuer"
      var aud = "sequitur"
      var sub = "ada"
      var exp = Int(now) + 60
      func verify(using algorithm: some JWTAlgorithm) {}
    }
    // Whoever asks first with another algorithm must not fix the key to it.
    let collections = [
      await JWTKeyCollection().add(pss: key, digestAlgorithm: .sha512, kid: "r"),
      await JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha256, kid: "r"),
      await JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha384, kid: "r"),
      await JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha256, kid: "r"),
    ]
    for (index, collection) in collections.enumerated() {
      let token = try await collection.sign(Claims(), kid: "r")
      #expect(refusal(token, open) == nil)
      #expect((refusal(token, bound) == nil) == (index % 2 == 1))
    }
  }
}
