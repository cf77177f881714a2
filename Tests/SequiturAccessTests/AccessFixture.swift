import Crypto
import Foundation
import HTTPTypes
import JWTKit
import Logging
import SequiturHTTP

@testable import SequiturAccess

let quiet = Logger(label: "sequitur-access-tests") { _ in SwiftLogNoOpLogHandler() }

/// The moment of all tests, in seconds since 1970.
let now = 1_800_000_000.0

/// What a token says, as JSON in the order that a test gives it.
func claims(_ changes: [String: String?] = [:]) -> String {
  var claims = [
    "iss": "\"issuer\"", "aud": "\"sequitur\"", "sub": "\"ada\"", "exp": "\(Int(now) + 60)",
  ]
  for (name, value) in changes { claims[name] = value }
  return "{" + claims.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
}

func base64URL(_ bytes: some Sequence<UInt8>) -> String {
  Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
    "=", with: "")
}

/// An issuer with a key, which signs what a test says, with any header.
struct Issuer {
  let key = P256.Signing.PrivateKey()

  func jwk(_ id: String?, _ more: String = "") -> String {
    let point = key.publicKey.rawRepresentation
    let name = id.map { "\"kid\":\"\($0)\"," } ?? ""
    return
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\(name)\"x\":\"\(base64URL(point.prefix(32)))\",\"y\":\"\(base64URL(point.suffix(32)))\"\(more)}"
  }

  func sign(_ claims: String, _ header: String = #"{"alg":"ES256","kid":"one","typ":"JWT"}"#) throws -> String
  {
    let text = "\(base64URL(Array(header.utf8))).\(base64URL(Array(claims.utf8)))"
    return text + "." + base64URL(try key.signature(for: Data(text.utf8)).rawRepresentation)
  }
}

func keySet(_ keys: String...) -> [UInt8] { Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8) }

func verifier(_ keys: [UInt8], leeway: Double = 30) async throws -> TokenVerifier {
  var expected = TokenClaims.Expectation(issuer: "issuer", audience: "sequitur")
  expected.leeway = leeway
  return TokenVerifier(keys: try await PublicKeys(keys), expected: expected)
}

/// Why a token does not count; nil: it does.
func refusal(_ token: String, _ verifier: TokenVerifier, at time: Double = now) -> String? {
  do throws(TokenClaims.Refusal) {
    _ = try verifier.identity(of: token, now: time)
    return nil
  } catch {
    return error.reason
  }
}

/// Files of one test.
struct AccessDirectory {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "sequitur-access-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
  }

  @discardableResult
  func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
    let path = url.appending(path: name).path
    // By another name first, so that nobody reads the half of it.
    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    return path
  }

  func remove() { try? FileManager.default.removeItem(at: url) }
}

func digest(_ token: String) -> String {
  SHA256.hash(data: Data(token.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func request(_ authorization: String?...) -> HTTPRequest {
  var head = HTTPRequest(method: .get, scheme: "http", authority: "h", path: "/")
  head.headerFields[values: .authorization] = authorization.compactMap { $0 }
  return head
}

/// What a forger would make with a public key as the secret.
enum HMACAuthentication {
  static func code(_ text: Data, _ secret: Data) -> Data {
    Data(HMAC<SHA256>.authenticationCode(for: text, using: SymmetricKey(data: secret)))
  }
}
