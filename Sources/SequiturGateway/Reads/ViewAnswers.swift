import SequiturFollower
import SequiturHTTP
import SequiturViews

/// What is answered where a view cannot: the same at a gateway and at `view --serve`.
package enum ViewAnswers {
  /// Seconds that `token` and `version` are waited for, when nobody says how long, and at most.
  package static let waits = (byDefault: 5.0, atMost: 60.0)

  /// Reads a view.
  ///
  /// - Throws: `Problem`: 503 while it does not hold all, 404 for a partition that it leaves out.
  package static func reading<R>(_ body: () throws(ViewFault) -> R) throws(Problem) -> R {
    do throws(ViewFault) {
      return try body()
    } catch {
      switch error {
      case .catchingUp: throw Problem(.serviceUnavailable, "catching-up", "\(error)", retryAfter: 1)
      case .notFollowed: throw Problem(.notFound, "not-followed", "\(error)")
      default: throw Problem(.serviceUnavailable, "unreadable", "\(error)", retryAfter: 5)
      }
    }
  }

  /// Waits until a view covers the command that the query's `token` names, if any, for as long as its `timeout` says.
  ///
  /// - Throws: `Problem`: 400, 404 for a partition that the view leaves out, 504 with what was reached.
  package static func wait(_ query: QueryParameters, for view: ObjectView<[UInt8]>) async throws {
    let seconds = try query.number("timeout", in: 0...waits.atMost) ?? waits.byDefault
    guard let bytes = query["token"] else { return }
    guard let token = CommandToken(String(decoding: bytes, as: UTF8.self)) else {
      throw Problem(
        .badRequest, "malformed", "Expected token to be <partition>-<offset> of a command, but it is not.")
    }
    do {
      try await view.wait(for: token, timeout: .seconds(seconds))
    } catch let failure as TokenWaitFailure {
      throw problem(failure)
    }
  }

  private static func problem(_ failure: TokenWaitFailure) -> Problem {
    var problem =
      failure.reason == .notFollowed
      ? Problem(.notFound, "not-followed", "\(failure)")
      : Problem(.gatewayTimeout, "not-covered", "\(failure)", retryAfter: 1)
    problem.members = [Problem.Member("reached", json: failure.reached.map { "\"\($0)\"" } ?? "null")]
    return problem
  }
}
