/// What an access file says, before the files that it names are read.
struct AccessDocument: Sendable {
  struct Certificates: Sendable, Hashable {
    let authority: String
    var place = CertificateName.Place.commonName
  }

  struct Tokens: Sendable, Hashable {
    /// A file with a JWK set.
    let keys: String
    let expected: TokenClaims.Expectation
  }

  var jwt: Tokens?
  var tokens: [StaticTokens.Entry] = []
  var certificates: Certificates?
  var rules: [AccessRule] = []

  /// How much of each there may be.
  static let entriesMax = 1000
}
