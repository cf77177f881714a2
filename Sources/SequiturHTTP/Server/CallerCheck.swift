import Glibc
import HTTPTypes
import NIOCore
import NIOSSL

/// Asks the authenticator, if there is one, who sends a request.
struct CallerCheck: Sendable {
  private let authenticator: (any HTTPAuthenticator)?
  private let asksForCertificates: Bool

  init(_ authenticator: (any HTTPAuthenticator)?) {
    self.authenticator = authenticator
    asksForCertificates = authenticator?.clientAuthorities != nil
  }

  /// - Throws: ``Problem``: 401.
  func caller(of head: HTTPRequest, _ channel: any Channel) async throws -> HTTPCaller {
    guard let authenticator else { return .anyone }
    let certificate =
      asksForCertificates ? try await channel.nioSSL_peerCertificate().get()?.toDERBytes() : nil
    return try authenticator.caller(of: head, certificate: certificate)
  }

  /// How long what the caller has begun may go on.
  func timeLeft(to caller: HTTPCaller) -> Duration? {
    caller.expires.map { .seconds(min(max(0, $0 - Self.now), Self.timeMax)) }
  }

  private static let timeMax = 1e9

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
