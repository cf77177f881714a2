/// Why a certificate of a broker's chain could not be verified. librdkafka's log says only that one could not.
struct CertificateFault: Sendable, Hashable, CustomStringConvertible {
  /// OpenSSL's code, `X509_V_ERR_…` (openssl/x509_vfy.h).
  let code: Int32
  /// 0: the broker's own; above: those that vouch for it.
  let depth: Int32

  private static let notYetValid: Int32 = 9
  private static let hasExpired: Int32 = 10

  /// Whether it is only the time: an authority that is known gave it.
  var isOutOfTime: Bool { code == Self.notYetValid || code == Self.hasExpired }

  var description: String {
    let whose = depth == 0 ? "broker's certificate" : "certificate of the broker's authority"
    return switch code {
    case Self.notYetValid: "\(whose) is not valid yet"
    case Self.hasExpired: "\(whose) has expired"
    default: "\(whose) cannot be verified (OpenSSL's code \(code))"
    }
  }
}
