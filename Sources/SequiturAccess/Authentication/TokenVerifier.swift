import Foundation
import JWTKit
import SequiturHTTP

/// Checks JSON Web Tokens (RFC 7519, and what RFC 8725 asks for).
struct TokenVerifier: Sendable {
  let keys: PublicKeys
  let expected: TokenClaims.Expectation

  private struct Header: Decodable {
    let alg: String
    let kid: String?
    let typ: String?
  }

  /// Whom a token names.
  ///
  /// - Parameter now: in seconds since 1970.
  func identity(of token: String, now: Double) throws(TokenClaims.Refusal) -> Identity {
    try TokenClaims(payload(of: token)).identity(expected, now: now)
  }

  /// What a token says, once its signature is that of a known key.
  func payload(of token: String) throws(TokenClaims.Refusal) -> [UInt8] {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Base64URLText.decode(parts[0].utf8),
      let payload = Base64URLText.decode(parts[1].utf8), let signature = Base64URLText.decode(parts[2].utf8)
    else { throw TokenClaims.Refusal(reason: "it is not of three parts in base64url") }
    let verifier = try verifier(header)
    let signed = Array(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
    guard (try? verifier.verify(signature, signs: signed)) ?? false else {
      throw TokenClaims.Refusal(reason: "its signature is not that of the key that it names")
    }
    return payload
  }

  private func verifier(_ bytes: [UInt8]) throws(TokenClaims.Refusal) -> any JWTAlgorithm {
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(bytes)) else {
      throw TokenClaims.Refusal(reason: "its header is none")
    }
    // What must be understood is not (RFC 7515, 4.1.11).
    let names = (try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])?.keys
    guard !(names?.contains("crit") ?? true) else {
      throw TokenClaims.Refusal(reason: "its header asks for an extension")
    }
    let type = header.typ?.lowercased()
    guard [nil, "jwt", "at+jwt", "application/at+jwt"].contains(type) else {
      throw TokenClaims.Refusal(reason: "it is a token of another type")
    }
    guard let verifier = keys.verifier(header.kid, header.alg) else {
      throw TokenClaims.Refusal(reason: "there is no key of the name and the algorithm that it names")
    }
    return verifier
  }
}
