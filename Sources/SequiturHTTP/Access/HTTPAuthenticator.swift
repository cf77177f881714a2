import HTTPTypes
import ReadableText

/// Finds out who sends a request: the port through which a server asks, before it looks for a route.
///
/// Called for every request but those whose route is ``HTTPAccess/open``, on any thread, and must not wait.
public protocol HTTPAuthenticator: Sendable {
  /// The certificates, in PEM form, of those who vouch for clients' certificates; nil: no client is asked for one. Read once,
  /// when the server starts, which must speak TLS then.
  var clientAuthorities: [UInt8]? { get }

  /// Who sends the request.
  ///
  /// - Parameters:
  ///   - head: its fields hold the proof, which must not be shown.
  ///   - certificate: the client's in DER form, which an authority vouched for when the connection began; nil: none.
  /// - Throws: ``Problem/unauthenticated(_:_:)``.
  func caller(of head: HTTPRequest, certificate: [UInt8]?) throws(Problem) -> HTTPCaller
}

extension Problem {
  /// 401: it is not known who sends the request. `WWW-Authenticate` asks for a bearer token (RFC 6750, 3).
  ///
  /// - Parameters:
  ///   - detail: what was expected, and what is; no part of the proof.
  ///   - isRefused: a proof was there, and is not accepted.
  public static func unauthenticated(_ detail: String, isRefused: Bool) -> Problem {
    var problem = Problem(.unauthorized, isRefused ? "invalid-token" : "unauthenticated", detail)
    problem.challenge = "Bearer realm=\"sequitur\"" + (isRefused ? ", error=\"invalid_token\"" : "")
    return problem
  }

  /// 403: it is known who sends the request, and they may not.
  package static func forbidden(_ caller: HTTPCaller, _ access: HTTPAccess) -> Problem {
    let goal =
      switch access {
      case .open, .known: "be asked"
      case .operate: "look at how the service is (operate)"
      case .read(nil): "read all objects (read, without keys)"
      case .read: "read this object"
      case .write(nil, _): "send commands to all objects"
      case .write(_, nil): "send any command to this object"
      case .write: "send this command to this object"
      case .outcome: "ask for the outcome of a command to this object"
      }
    return Problem(
      .forbidden, "forbidden",
      "Expected a caller who may \(goal), but no rule gives that right to \(ShownText.line(caller.subject ?? ""))."
    )
  }
}
