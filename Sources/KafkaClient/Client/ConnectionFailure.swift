/// Why a connection to a broker failed: what librdkafka logs of it, read.
///
/// librdkafka's calls only say that a broker could not be reached; the reason goes to its log and, where somebody polls,
/// to the error callback. A client keeps the last one, and its errors carry it (``KafkaError/connection``).
public struct ConnectionFailure: Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Cause: String, Sendable, Hashable, CaseIterable {
    /// The name or the password was refused.
    case credentials
    /// The broker does not take the SASL mechanism.
    case mechanism
    /// The broker's certificate cannot be verified: its authority is not known here, or it is of another host.
    case certificate
    /// The broker's certificate, or one of those that vouch for it, has expired or is not valid yet.
    case expiredCertificate
    /// The broker wants a certificate of the client.
    case clientCertificate
    /// The client's certificate has expired.
    case expiredClientCertificate
    /// The client speaks TLS, and the listener does not.
    case plaintextListener
    /// The client speaks plain text to a listener with TLS, or with SASL.
    case securedListener
    /// The host's name has no address.
    case unknownHost
    /// Nothing listens on the port.
    case refused
    /// Nobody answers.
    case silent
    /// The broker closed the connection.
    case closed
    /// This process, or its host, has no more files or ports for a connection.
    case exhausted
    /// Any other.
    case other
  }

  /// The broker's address, `host:port`.
  public let address: String
  /// The broker's id when the cluster named the address (`advertised.listeners`); nil for one that was configured.
  public let broker: Int32?
  /// What kind of trouble it is.
  public let cause: Cause
  /// librdkafka's reason.
  public let reason: String

  /// Reads a line of librdkafka's log with the facility FAIL, such as
  /// `[thrd:…]: ssl://localhost:9093/bootstrap: SSL handshake failed: Disconnected (after 2ms in state SSL_HANDSHAKE)`.
  ///
  /// - Parameter certificate: what is known of the certificate that could not be verified last.
  init?(logLine: String, certificate: CertificateFault? = nil) {
    let line = logLine.replacing(#/^\[thrd:.*?\]: /#, with: "", maxReplacements: 1)
    guard var (name, text) = Self.cut(line) else { return nil }
    // A coordinator has its address before its reason.
    if !name.contains("/"), let (address, rest) = Self.cut(text), address.contains(":") {
      (name, text) = (address, rest)
    }
    if let scheme = name.firstMatch(of: /^[a-z_]+:\/\//) { name = String(name[scheme.range.upperBound...]) }
    let parts = name.split(separator: "/", maxSplits: 1)
    guard let first = parts.first else { return nil }
    address = String(first)
    broker = parts.count > 1 ? Int32(parts[1]) : nil
    let said = text.replacing(#/ \(after [0-9]+ms in state .*\)$/#, with: "")
    let cause = Self.cause(said)
    let isOutOfTime = cause == .certificate && certificate?.isOutOfTime == true
    self.cause = isOutOfTime ? .expiredCertificate : cause
    // librdkafka's own advice is about the authority.
    reason = isOutOfTime ? "SSL handshake failed: the \(certificate?.description ?? "certificate")" : said
  }

  /// `host:port: reason`.
  public var description: String { "\(address): \(reason)" }

  /// What to do: a sentence.
  public var cure: String {
    if let broker, cause == .unknownHost || cause == .refused || cause == .silent {
      return
        "The cluster names its broker \(broker) so (advertised.listeners): make that address reachable from here, "
        + "or have the broker advertise one that is."
    }
    switch cause {
    case .credentials: return "Check sasl.username and sasl.password, and that sasl.mechanism is the user's."
    case .mechanism: return "Set sasl.mechanism to one that the broker has."
    case .certificate:
      return
        "Set ssl.ca.location to the file of the authority that signed the broker's certificate, and name the broker "
        + "in bootstrap.servers as its certificate does."
    case .expiredCertificate:
      return
        "Have the certificate renewed where it stands: on the broker, or the authority's in ssl.ca.location. When it is valid, "
        + "set this machine's clock (date -u)."
    case .expiredClientCertificate:
      return
        "Renew this client's certificate: the file of ssl.certificate.location, or of ssl.keystore.location."
    case .clientCertificate:
      return "Set ssl.certificate.location and ssl.key.location: the broker wants a certificate."
    case .plaintextListener:
      return
        "The listener seems to have no TLS: check the port, or set security.protocol to plaintext or sasl_plaintext."
    case .securedListener:
      return
        "The listener seems to want TLS or SASL: check the port, or set security.protocol to ssl or sasl_ssl."
    case .unknownHost: return "Check the name in bootstrap.servers, and that it can be resolved from here."
    case .refused: return "Check that the broker runs, and host and port in bootstrap.servers."
    case .silent: return "Check host and port in bootstrap.servers, and that no firewall stands between."
    case .exhausted:
      return
        "Raise this process's limit of open files (ulimit -n), or end what uses up the host's files and ports."
    case .closed, .other:
      return "Check that the broker runs, host and port in bootstrap.servers, and security.protocol."
    }
  }

  /// Whether it tells more than that a connection ended.
  var isTelling: Bool { cause != .closed }

  private static func cut(_ line: String) -> (String, String)? {
    guard let colon = line.firstMatch(of: #/: /#) else { return nil }
    return (String(line[..<colon.range.lowerBound]), String(line[colon.range.upperBound...]))
  }

  /// By librdkafka's texts (rdkafka_broker.c, rdkafka_transport.c, rdkafka_ssl.c, rdkafka_request.c); the first counts.
  private static func cause(_ reason: String) -> Cause {
    let reason = reason.lowercased()
    return marks.first { reason.contains($0.mark) }?.cause ?? .other
  }

  private static let marks: [(mark: String, cause: Cause)] = [
    ("mechanism handshake failed", .mechanism), ("unsupported sasl mechanism", .mechanism),
    // Of a connection that was closed before anybody asked for a password.
    ("might require sasl authentication", .securedListener),
    ("sasl authentication", .credentials), ("authentication failed", .credentials),
    // An alert of the broker's, about the client's own.
    ("alert certificate expired", .expiredClientCertificate),
    ("certificate required", .clientCertificate),
    ("client ssl authentication might be required", .clientCertificate),
    ("bad certificate", .clientCertificate),
    ("certificate could not be verified", .certificate), ("certificate verify failed", .certificate),
    ("failed to verify broker certificate", .certificate),
    ("connecting to a plaintext broker listener", .plaintextListener),
    ("wrong version number", .plaintextListener),
    ("unexpected eof", .plaintextListener),
    ("packet length too long", .plaintextListener), ("record layer failure", .plaintextListener),
    ("connecting to a ssl listener", .securedListener),
    ("too many open files", .exhausted), ("cannot assign requested address", .exhausted),
    ("no buffer space", .exhausted), ("cannot allocate memory", .exhausted),
    ("failed to resolve", .unknownHost), ("connection refused", .refused),
    ("setup timed out", .silent), ("timed out", .silent), ("no route to host", .silent),
    ("network is unreachable", .silent), ("disconnected", .closed), ("connection reset", .closed),
    ("broken pipe", .closed),
  ]
}
