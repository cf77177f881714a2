import Foundation

/// What a signed token says, and whether it counts now (RFC 7519, 4.1). Pure.
struct TokenClaims: Sendable {
  /// What tokens must say.
  struct Expectation: Sendable, Hashable {
    /// `iss`
    let issuer: String
    /// One of `aud`.
    let audience: String
    /// Which claim names the subject.
    var subjectClaim = "sub"
    /// Which claim names the groups: a list, or a text with blanks between.
    var groupsClaim = "groups"
    /// How far this machine's clock and the issuer's may be apart, in seconds.
    var leeway = 30.0
  }

  /// Why a token does not count: a clause behind "but".
  struct Refusal: Error, Sendable, Hashable {
    let reason: String
  }

  private let claims: [String: Claim]

  /// - Parameter payload: the token's middle, decoded.
  init(_ payload: [UInt8]) throws(Refusal) {
    guard let claims = try? JSONDecoder().decode([String: Claim].self, from: Data(payload)) else {
      throw Refusal(reason: "its claims are no JSON object")
    }
    self.claims = claims
  }

  /// Who is named.
  ///
  /// - Parameter now: in seconds since 1970.
  func identity(_ expected: Expectation, now: Double) throws(Refusal) -> Identity {
    guard case .text(expected.issuer) = claims["iss"] else { throw Refusal(reason: "another one issued it") }
    guard claims["aud"]?.list?.contains(expected.audience) ?? false else {
      throw Refusal(reason: "it is for another audience")
    }
    guard let expires = try time("exp") else { throw Refusal(reason: "it says no time of its end (exp)") }
    guard now < expires + expected.leeway else { throw Refusal(reason: "it has expired") }
    if let notBefore = try time("nbf"), now < notBefore - expected.leeway {
      throw Refusal(reason: "it is not valid yet (nbf)")
    }
    if let issued = try time("iat"), now < issued - expected.leeway {
      throw Refusal(
        reason: "it was issued later than now (iat): this machine's clock, or the issuer's, is wrong")
    }
    guard case .text(let subject) = claims[expected.subjectClaim], SubjectName.isGood(subject) else {
      throw Refusal(
        reason: "it names no subject of 1 to \(SubjectName.bytesMax) bytes without controls")
    }
    return Identity(
      subject: subject, groups: try groups(expected.groupsClaim), expires: expires + expected.leeway)
  }

  private func time(_ name: String) throws(Refusal) -> Double? {
    switch claims[name] {
    case nil: return nil
    case .number(let seconds) where seconds.isFinite: return seconds
    default: throw Refusal(reason: "its \(name) is no time")
    }
  }

  private func groups(_ name: String) throws(Refusal) -> Set<String> {
    switch claims[name] {
    case nil: return []
    case .text(let text): return Set(text.split(separator: " ").map(String.init))
    case .list(let groups): return Set(groups)
    default: throw Refusal(reason: "its groups are no list of texts")
    }
  }

  /// A claim, as far as it is looked at.
  private enum Claim: Sendable, Decodable {
    case text(String)
    case number(Double)
    case list([String])
    case other

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if (try? container.decode(Bool.self)) != nil {
        self = .other
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let list = try? container.decode([String].self) {
        self = .list(list)
      } else {
        self = .other
      }
    }

    /// `aud` is a text or a list of them.
    var list: [String]? {
      switch self {
      case .text(let text): [text]
      case .list(let list): list
      case .number, .other: nil
      }
    }
  }
}
