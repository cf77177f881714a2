import NIOSSL
import ReadableText
import RegularFiles

/// A server's certificate and its key, as PEM files.
public struct TLSFiles: Sendable, Hashable {
  /// The server's certificate first, then those that vouch for it.
  public let certificate: String
  /// The private key, without a password.
  public let key: String

  /// Files of these paths.
  public init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }

  /// What somebody should mend, though a server can begin with it: each a sentence with its cure. Clients refuse a certificate
  /// that is out of its time, but a worker that does not start for it would be worse.
  ///
  /// - Parameter now: in seconds since 1970.
  package func warnings(now: Int) -> [String] {
    var warnings: [String] = []
    if RegularFile.isOpenToAll(key) {
      warnings.append("Every user of this machine may read the key in \(ShownText.line(key)). Do chmod 600.")
    }
    guard let bytes = try? Self.read("a certificate in PEM form", certificate),
      let own = try? NIOSSLCertificate.fromPEMBytes(bytes).first
    else { return warnings }
    let name = ShownText.line(certificate)
    let left = Int(own.notValidAfter) - now
    if left < 0 {
      warnings.append(
        "The certificate in \(name) expired \((-left / Self.day).counted("day")) ago, and clients refuse it. Renew it, and start again."
      )
    } else if left < Self.daysToRenew * Self.day {
      warnings.append(
        "The certificate in \(name) expires in \((left / Self.day).counted("day")). Renew it, and start again."
      )
    }
    if Int(own.notValidBefore) > now {
      warnings.append(
        "The certificate in \(name) is not valid yet, and clients refuse it. Look at this machine's clock (date -u)."
      )
    }
    return warnings
  }

  private static let day = 86_400
  /// A certificate that has less is told at each start.
  private static let daysToRenew = 14

  /// Reads both. TLS 1.2 and later.
  ///
  /// - Parameter clientAuthorities: who vouches for clients' certificates, in PEM form: then a client is asked for one, need not
  ///   have any, and is refused with one that nobody vouches for. Nil: no client is asked.
  /// - Throws: ``HTTPServerFault`` with the file, the cause and what to do.
  func configuration(clientAuthorities: [UInt8]? = nil) throws(HTTPServerFault) -> TLSConfiguration {
    let chain: [NIOSSLCertificate]
    let certificateBytes = try Self.read("a certificate in PEM form", certificate)
    do {
      chain = try NIOSSLCertificate.fromPEMBytes(certificateBytes)
    } catch {
      throw Self.fault("a certificate in PEM form", certificate)
    }
    guard !chain.isEmpty else {
      throw HTTPServerFault(
        "Expected a certificate in PEM form in \(ShownText.line(certificate)), but the file holds none. Name the file that "
          + "begins with BEGIN CERTIFICATE.")
    }
    let privateKey: NIOSSLPrivateKey
    let keyBytes = try Self.read("a private key in PEM form", key)
    do {
      privateKey = try NIOSSLPrivateKey(bytes: keyBytes, format: .pem) {
        (_: NIOSSLPassphraseSetter<[UInt8]>) in throw Locked()
      }
    } catch {
      throw Self.fault("a private key in PEM form, without a password,", key)
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
    configuration.minimumTLSVersion = .tlsv12
    if let clientAuthorities {
      let authorities = (try? NIOSSLCertificate.fromPEMBytes(clientAuthorities)) ?? []
      guard !authorities.isEmpty else {
        throw HTTPServerFault(
          "Expected certificates in PEM form of who vouches for clients, but there are none. Name the file that begins with "
            + "BEGIN CERTIFICATE.")
      }
      configuration.trustRoots = .certificates(authorities)
      configuration.certificateVerification = .optionalVerification
    }
    do {
      _ = try NIOSSLContext(configuration: configuration)
    } catch {
      throw HTTPServerFault(
        "Expected the key in \(ShownText.line(key)) to be that of the certificate in \(ShownText.line(certificate)), but "
          + "they do not go together (\(ShownText.line("\(error)", atMost: 200))). Name the files of one pair."
      )
    }
    return configuration
  }

  /// A key with a password is not asked for it: nobody sits there.
  private struct Locked: Error {}

  /// A chain of certificates is a few kilobytes.
  private static let bytesMax = 1 << 20

  private static func read(_ what: String, _ path: String) throws(HTTPServerFault) -> [UInt8] {
    do throws(RegularFile.Fault) {
      return try RegularFile.read(path, atMost: bytesMax)
    } catch {
      throw HTTPServerFault(
        "Expected to read \(what) from \(ShownText.line(path)), but \(error). Name a file that this user may read."
      )
    }
  }

  /// Says no text of the file: it may be a key.
  private static func fault(_ what: String, _ path: String) -> HTTPServerFault {
    HTTPServerFault(
      "Expected \(what) in \(ShownText.line(path)), but there is none. Name the file that has it.")
  }
}
