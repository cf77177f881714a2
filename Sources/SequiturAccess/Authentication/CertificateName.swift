import Foundation
import X509

/// Whom a client's certificate names.
enum CertificateName {
  /// Where the name stands.
  enum Place: String, Sendable, Hashable, CaseIterable {
    case commonName = "common-name"
    case dns
    case uri
  }

  /// The certificate's name and its end; a clause behind "but" when there is none.
  ///
  /// - Parameters:
  ///   - bytes: in DER form; the connection's beginning has seen that an authority vouches for it.
  ///   - now: in seconds since 1970: the connection may have outlived it.
  static func identity(
    _ bytes: [UInt8], _ place: Place, now: Double
  ) throws(TokenClaims.Refusal) -> Identity {
    guard let certificate = try? Certificate(derEncoded: bytes) else {
      throw TokenClaims.Refusal(reason: "it cannot be read")
    }
    let expires = certificate.notValidAfter.timeIntervalSince1970
    guard now < expires else { throw TokenClaims.Refusal(reason: "it has expired") }
    let names = names(certificate, place)
    guard names.count == 1, SubjectName.isGood(names[0]) else {
      throw TokenClaims.Refusal(
        reason:
          "it has no \(place.rawValue), several, or one that is longer than \(SubjectName.bytesMax) bytes")
    }
    return Identity(subject: names[0], expires: expires)
  }

  private static func names(_ certificate: Certificate, _ place: Place) -> [String] {
    guard place != .commonName else {
      return certificate.subject.flatMap { $0 }.filter { $0.type == .RDNAttributeType.commonName }
        .compactMap { String($0.value) }
    }
    return ((try? certificate.extensions.subjectAlternativeNames) ?? SubjectAlternativeNames([])).compactMap {
      switch ($0, place) {
      case (.dnsName(let name), .dns): name
      case (.uniformResourceIdentifier(let name), .uri): name
      default: nil
      }
    }
  }
}
