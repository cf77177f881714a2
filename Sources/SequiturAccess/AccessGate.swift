import Glibc
import HTTPTypes
import Logging
import SequiturHTTP
import Synchronization

/// Asks who sends a request, by an access file: bearer tokens that somebody signed, tokens of the file, and certificates.
///
///     Authorization: Bearer … ─▶ StaticTokens ─▶ TokenVerifier ─▶ Identity ─▶ AccessPolicy ─▶ HTTPCaller
///     client's certificate ────▶ CertificateName ───────────────────▲
///
/// The file, and the keys that it names, are looked at every two seconds while ``watch()`` runs: a new one counts from then on,
/// and one that cannot be read leaves the one before in force. The authorities of certificates are read once. Any thread.
public final class AccessGate: HTTPAuthenticator {
  /// Seconds since 1970.
  public typealias Clock = @Sendable () -> Double

  private let path: String
  private let logger: Logger
  private let clock: Clock
  private let source: Mutex<AccessSource>
  /// The files as they were when they were read last, also in vain.
  private let seen: Mutex<[FileStamp]>
  /// See ``HTTPAuthenticator``.
  public let clientAuthorities: [UInt8]?

  static let lookInterval = Duration.seconds(2)

  /// Reads the file.
  ///
  /// - Parameters:
  ///   - path: the access file.
  ///   - clock: tells tokens' times; the default is this machine's.
  ///   - logger: told what somebody should mend, and of each new file; never a token.
  /// - Throws: ``AccessFault`` with all that is wrong.
  public init(
    file path: String, clock: @escaping Clock = AccessGate.systemClock, logger: Logger
  ) async throws(AccessFault) {
    let source = try await AccessSource(path: path)
    self.path = path
    self.logger = logger
    self.clock = clock
    self.source = Mutex(source)
    seen = Mutex(source.stamps)
    clientAuthorities = source.authorities
    for warning in source.warnings { logger.warning("\(warning)") }
  }

  /// This machine's clock.
  public static let systemClock: Clock = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// See ``HTTPAuthenticator``.
  public func caller(of head: HTTPRequest, certificate: [UInt8]?) throws(Problem) -> HTTPCaller {
    let source = source.withLock { $0 }
    if let token = try BearerField.token(head.headerFields) {
      return source.policy.caller(try bearer(token, source))
    }
    guard let certificate else {
      throw .unauthenticated(
        "Expected to know who asks, but the request has no Authorization\(clientAuthorities == nil ? "" : " and no certificate").",
        isRefused: false)
    }
    do throws(TokenClaims.Refusal) {
      return source.policy.caller(
        try CertificateName.identity(certificate, source.certificatePlace, now: clock()))
    } catch {
      throw .unauthenticated(
        "Expected a certificate that names somebody, but \(error.reason).", isRefused: true)
    }
  }

  private func bearer(_ token: String, _ source: AccessSource) throws(Problem) -> Identity {
    if let identity = source.tokens.identity(of: token) { return identity }
    guard let verifier = source.verifier else {
      throw .unauthenticated("Expected a token that is known here, but it is not.", isRefused: true)
    }
    do throws(TokenClaims.Refusal) {
      return try verifier.identity(of: token, now: clock())
    } catch {
      throw .unauthenticated("Expected a token that counts here, but \(error.reason).", isRefused: true)
    }
  }

  /// Looks at the files until it is cancelled.
  public func watch() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.lookInterval)
      await look()
    }
  }

  /// Reads the files if one of them is another.
  func look() async {
    let before = seen.withLock { $0 }
    let now = before.map(\.now)
    guard now != before else { return }
    do throws(AccessFault) {
      let new = try await AccessSource(path: path)
      source.withLock { $0 = new }
      seen.withLock { $0 = new.stamps }
      logger.notice(
        "other rules of who may do what",
        metadata: ["file": "\(path)", "rules": "\(new.policy.rules.count)"])
      for warning in new.warnings { logger.warning("\(warning)") }
      if new.authorities != clientAuthorities {
        logger.warning(
          "who vouches for clients' certificates is another now, which counts from the next start on",
          metadata: ["file": "\(path)"])
      }
    } catch {
      seen.withLock { $0 = now }
      logger.error(
        "other rules of who may do what cannot be read; those before stay in force",
        metadata: ["error": "\(error)"])
    }
  }
}
