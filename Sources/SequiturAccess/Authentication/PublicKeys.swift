import Foundation
import JWTKit

/// The keys that tokens are signed with: the public halves, of a JWK set (RFC 7517).
///
/// Each key has its algorithms from the beginning, and nothing that a token says adds one: a token cannot choose `none`, or
/// have a public key taken for the secret of an HMAC.
struct PublicKeys: Sendable {
  /// Why a set is refused: a clause behind "but".
  struct Fault: Error, Sendable, Hashable {
    let reason: String
  }

  /// By `kid`, and by algorithm. One without a name is the only one.
  private let keys: [String: [String: any JWTAlgorithm]]

  /// How many there are.
  var count: Int { keys.count }

  /// RFC 7518, 3.3: "a key of size 2048 bits or larger MUST be used".
  private static let modulusBytesMin = 256
  private static let keysMax = 100

  /// - Parameter json: the set. Keys for encryption and of kinds that are not known are passed over.
  init(_ json: [UInt8]) async throws(Fault) {
    guard
      let object = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any],
      let entries = object["keys"] as? [[String: Any]]
    else { throw Fault(reason: "it is no JWK set: a JSON object with a list `keys`") }
    guard entries.count <= Self.keysMax else { throw Fault(reason: "it has more than \(Self.keysMax) keys") }
    var keys: [String: [String: any JWTAlgorithm]] = [:]
    for entry in entries {
      guard entry["kty"] as? String != "oct" else {
        throw Fault(reason: "it holds a secret key (`oct`): only public keys are taken")
      }
      guard entry["d"] == nil else { throw Fault(reason: "it holds a private key") }
      guard entry["use"] as? String ?? "sig" == "sig", let names = Self.algorithms(entry) else { continue }
      let id = entry["kid"] as? String ?? ""
      guard keys[id] == nil else { throw Fault(reason: "two of its keys have the same `kid`, or none") }
      if entry["kty"] as? String == "RSA", Self.modulusBytes(entry) < Self.modulusBytesMin {
        throw Fault(reason: "one of its RSA keys has fewer than \(Self.modulusBytesMin * 8) bits")
      }
      keys[id] = try await Self.verifiers(entry, names)
    }
    guard !keys.isEmpty else { throw Fault(reason: "it has no key that signs with a known algorithm") }
    guard keys.count == 1 || keys[""] == nil else { throw Fault(reason: "one of its keys has no `kid`") }
    self.keys = keys
  }

  /// The way to check signatures of a token's key; nil: there is no such key, or it does not sign so.
  ///
  /// - Parameter id: `kid`; may be left out where there is one key.
  func verifier(_ id: String?, _ algorithm: String) -> (any JWTAlgorithm)? {
    if let id, keys[""] == nil { return keys[id]?[algorithm] }
    return keys.count == 1 ? keys.first?.value[algorithm] : nil
  }

  /// What the key may sign with; nil when it is of no known kind.
  private static func algorithms(_ entry: [String: Any]) -> [String]? {
    let all: [String]
    switch (entry["kty"] as? String, entry["crv"] as? String) {
    case ("RSA", _): all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
    case ("EC", "P-256"): all = ["ES256"]
    case ("EC", "P-384"): all = ["ES384"]
    case ("EC", "P-521"): all = ["ES512"]
    case ("OKP", "Ed25519"): all = ["EdDSA"]
    default: return nil
    }
    guard let named = entry["alg"] as? String else { return all }
    return all.contains(named) ? [named] : nil
  }

  private static func verifiers(
    _ entry: [String: Any], _ names: [String]
  ) async throws(Fault) -> [String: any JWTAlgorithm] {
    var found: [String: any JWTAlgorithm] = [:]
    for name in names {
      var entry = entry
      (entry["alg"], entry["kid"]) = (name, "key")
      do {
        let key = try JSONDecoder().decode(JWK.self, from: JSONSerialization.data(withJSONObject: entry))
        // A collection of one key for each algorithm: one of several algorithms would keep the first that a token names.
        found[name] = try await JWTKeyCollection().add(jwk: key).getKey(for: "key", alg: name)
      } catch {
        throw Fault(reason: "one of its keys of the kind \(name) cannot be read")
      }
    }
    return found
  }

  private static func modulusBytes(_ entry: [String: Any]) -> Int {
    ((entry["n"] as? String)?.utf8.count ?? 0) * 3 / 4
  }
}
