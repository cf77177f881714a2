import HTTPTypes
import Sequitur
import SequiturHTTP

/// What a client is told of its command.
///
/// One table says which status goes with which rejection. Only `decider-error` is a fault of the server's.
enum CommandAnswer {
  /// The status of a rejection.
  static func status(of code: String) -> HTTPResponse.Status {
    switch code {
    case "malformed", "invalid-key": .badRequest
    case "not-found": .notFound
    case "version-conflict": .preconditionFailed
    case "too-large": .contentTooLarge
    case "unknown-command", "invalid-field", "out-of-range", "output-refused": .unprocessableContent
    case "decider-error": .internalServerError
    // `invalid-transition`, `guard-failed`, and a decider's own codes: the object's state forbids it.
    default: .conflict
    }
  }

  /// What became of a command that was taken.
  static func of(_ answer: CommandDoor.Answer) -> HTTPAnswer {
    switch answer {
    case .decided(let outcome): decided(outcome)
    case .appended(let position): appended(position)
    }
  }

  /// A decided command.
  static func decided(_ outcome: CommandOutcome) -> HTTPAnswer {
    var answer: HTTPAnswer
    switch outcome.verdict {
    case .valid(let events):
      let version = events.last?.version ?? 0
      answer = .json(
        valid(
          events.map { event in
            "{\"type\":\(JSONText.quoted(event.type)),\"version\":\(event.version)}"
          }, version: version), status: events.first?.version == 1 ? .created : .ok)
      answer.fields[.eTag] = "\"\(version)\""
    case .invalid(let rejection):
      if let original = rejection.originalVersion {
        answer = .json(valid([], version: original))
        answer.fields[.eTag] = "\"\(original)\""
        answer.fields[.sequiturReplayed] = "true"
      } else {
        answer = problem(rejection).answer
      }
    }
    locate(&answer, outcome.position)
    return answer
  }

  /// A command whose outcome is not known yet.
  static func appended(_ position: CommandPosition) -> HTTPAnswer {
    var answer = HTTPAnswer.json(
      Array("{\"outcome\":\"pending\",\"token\":\"\(position.token)\"}\n".utf8), status: .accepted)
    locate(&answer, position)
    return answer
  }

  /// A command of which nothing is known, or that was not taken.
  static func failed(_ failure: CommandDoor.Failure) -> Problem {
    switch failure {
    case .refused(.tooMany(let held, let retryAfter)):
      return Problem(
        .tooManyRequests, "too-many-requests",
        "Expected room for one more request, but \(held) are being held. Nothing was appended. Send it again.",
        retryAfter: retryAfter)
    case .refused(.late(let behind, let rate, let retryAfter)):
      return Problem(
        .serviceUnavailable, "late",
        "Expected an outcome in the time that is waited for, but \(behind) commands stand before it and \(Int(rate)) are "
          + "decided a second. Nothing was appended. Send it again.", retryAfter: retryAfter)
    case .refused(.stalled(let seconds, let behind, let retryAfter)):
      return Problem(
        .serviceUnavailable, "stalled",
        "Expected outcomes, but none has come for \(seconds) s although \(behind) commands wait: no worker serves the "
          + "partition. Nothing was appended. Send it again.", retryAfter: retryAfter)
    case .tooLarge(let error):
      return .edge(
        "too-large",
        "Expected a command that fits the commands topic, but it is too large (\(error.detail)).",
        .contentTooLarge)
    case .notAppended(let error):
      return Problem(
        .serviceUnavailable, "not-appended",
        "Expected a broker to take the command, but none did (\(error.code.name): \(error.detail)). Nothing was appended. "
          + "Send it again.", retryAfter: 1)
    case .unknown(let error):
      return Problem(
        .gatewayTimeout, "unknown-outcome",
        "Expected a broker to acknowledge the command, but none did (\(error.code.name): \(error.detail)). It may have been "
          + "appended: repeat it with the same Idempotency-Key.")
    }
  }

  private static func valid(_ events: [String], version: UInt64) -> [UInt8] {
    Array(
      "{\"outcome\":\"valid\",\"events\":[\(events.joined(separator: ","))],\"version\":\(version)}\n".utf8)
  }

  private static func problem(_ rejection: CommandOutcome.Rejection) -> Problem {
    var problem = Problem(status(of: rejection.code), rejection.code, rejection.reason)
    problem.members = [
      Problem.Member("outcome", json: "\"invalid\""),
      Problem.Member("reason", json: JSONText.quoted(rejection.reason)),
      Problem.Member("version", json: "\(rejection.objectVersion)"),
      Problem.Member("source", json: "\"decider\""),
    ]
    return problem
  }

  private static func locate(_ answer: inout HTTPAnswer, _ position: CommandPosition) {
    answer.fields[.sequiturToken] = position.token
    answer.fields[.location] = "/outcomes/\(position.token)"
  }
}
