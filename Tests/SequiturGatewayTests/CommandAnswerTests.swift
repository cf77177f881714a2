import HTTPTypes
import KafkaClient
import Sequitur
import SequiturHTTP
import Testing

@testable import SequiturGateway

/// What a client is told.
@Suite struct CommandAnswerTests {
  private let position = CommandPosition(partition: 3, offset: 1042)

  private func text(_ answer: HTTPAnswer) -> String {
    guard case .bytes(let bytes) = answer.body else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(arguments: [
    ("malformed", 400), ("invalid-key", 400), ("not-found", 404), ("invalid-transition", 409),
    ("guard-failed", 409), ("x-frozen", 409), ("version-conflict", 412), ("too-large", 413),
    ("unknown-command", 422), ("invalid-field", 422), ("out-of-range", 422), ("output-refused", 422),
    ("decider-error", 500),
  ])
  func `each rejection has its status, and the problem says code, reason, version and who found it`(
    code: String, status: Int
  ) {
    let answer = CommandAnswer.decided(
      CommandOutcome(
        position: position,
        verdict: .invalid(CommandOutcome.Rejection(code: code, reason: "a \"reason\"", objectVersion: 7))))
    #expect(answer.status.code == status)
    #expect(answer.fields[.contentType] == "application/problem+json")
    #expect(answer.fields[.sequiturToken] == "3-1042")
    #expect(answer.fields[.location] == "/outcomes/3-1042")
    #expect(
      text(answer).hasSuffix(
        #""code":"\#(code)","detail":"a \"reason\"","outcome":"invalid","reason":"a \"reason\"","version":7,"source":"decider"}"#
          + "\n"), "\(text(answer))")
  }

  @Test func `a valid command is told with its events and the version it led to`() {
    let answer = CommandAnswer.decided(
      CommandOutcome(
        position: position,
        verdict: .valid([.init(type: "paid", version: 8), .init(type: "closed", version: 9)])))
    #expect(answer.status == .ok)
    #expect(answer.fields[.eTag] == "\"9\"")
    #expect(
      text(answer)
        == #"{"outcome":"valid","events":[{"type":"paid","version":8},{"type":"closed","version":9}],"version":9}"#
        + "\n")
  }

  @Test func `a command that made its object is told as such`() {
    let answer = CommandAnswer.decided(
      CommandOutcome(position: position, verdict: .valid([.init(type: "created", version: 1)])))
    #expect(answer.status == .created)
  }

  @Test func `a duplicate is told as the first command was, with its version`() {
    let answer = CommandAnswer.decided(
      CommandOutcome(
        position: position,
        verdict: .invalid(
          CommandOutcome.Rejection(code: "duplicate", reason: "r", objectVersion: 9, originalVersion: 4))))
    #expect(answer.status == .ok)
    #expect(answer.fields[.sequiturReplayed] == "true")
    #expect(answer.fields[.eTag] == "\"4\"")
    #expect(text(answer) == #"{"outcome":"valid","events":[],"version":4}"# + "\n")
  }

  @Test func `what was not taken says that nothing was appended, and when to come again`() {
    let error = KafkaError(code: .transport, operation: "o", detail: "d")
    let cases: [(CommandDoor.Failure, Int, Int?)] = [
      (.refused(.tooMany(held: 5, retryAfter: 2)), 429, 2),
      (.refused(.late(behind: 100, perSecond: 10, retryAfter: 10)), 503, 10),
      (.refused(.stalled(seconds: 7, behind: 1, retryAfter: 7)), 503, 7), (.notAppended(error), 503, 1),
    ]
    for (failure, status, retryAfter) in cases {
      let problem = CommandAnswer.failed(failure)
      #expect(problem.status.code == status)
      #expect(problem.retryAfter == retryAfter)
      #expect(problem.detail.contains("Nothing was appended"))
    }
    let unknown = CommandAnswer.failed(.unknown(error))
    #expect(unknown.status == .gatewayTimeout)
    #expect(unknown.detail.contains("same Idempotency-Key"))
    #expect(CommandAnswer.failed(.tooLarge(error)).status == .contentTooLarge)
  }

  @Test(arguments: [
    ("3-1042", true), ("0-0", true), ("3", false), ("3-", false), ("-3", false), ("3--4", false),
    ("a-1", false), ("+3-1", false), ("99999999999-1", false), ("1-99999999999999999999", false),
    ("1-2-3", false),
  ])
  func `a token is two numbers`(text: String, isToken: Bool) {
    let position = CommandPosition(token: text)
    #expect((position != nil) == isToken)
    if let position { #expect(position.token == text) }
  }
}
