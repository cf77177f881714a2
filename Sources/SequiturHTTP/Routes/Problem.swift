import HTTPTypes

/// Why a request has no other answer: `application/problem+json` (RFC 9457). Thrown by a route, it is the answer.
public struct Problem: Error, Sendable, Hashable {
  /// The answer's status; 400…599.
  public var status: HTTPResponse.Status
  /// A short word of Sequitur's that programs may look at, such as `too-large`.
  public var code: String
  /// A sentence for people: what was expected, and what is.
  public var detail: String
  /// How long to wait before the request is sent again (`Retry-After`), in whole seconds.
  public var retryAfter: Int?
  /// How to prove who one is (`WWW-Authenticate`).
  var challenge: String?
  /// More members of the document, in their order: a name, and JSON.
  public var members: [Member] = []

  /// A member besides those that every problem has.
  public struct Member: Sendable, Hashable {
    /// The member's name.
    public var name: String
    /// Its value, as JSON that is put in as it is.
    public var json: String

    /// A member of this value.
    public init(_ name: String, json: String) {
      self.name = name
      self.json = json
    }
  }

  /// A problem of this kind.
  public init(_ status: HTTPResponse.Status, _ code: String, _ detail: String, retryAfter: Int? = nil) {
    self.status = status
    self.code = code
    self.detail = detail
    self.retryAfter = retryAfter
  }

  /// The document. `type` is left out, which means `about:blank`: then the title is the status's phrase.
  public var bytes: [UInt8] {
    var text =
      "{\"title\":\(JSONText.quoted(status.reasonPhrase)),\"status\":\(status.code),"
      + "\"code\":\(JSONText.quoted(code)),\"detail\":\(JSONText.quoted(detail))"
    for member in members { text += ",\(JSONText.quoted(member.name)):\(member.json)" }
    return Array((text + "}\n").utf8)
  }

  /// The whole answer.
  public var answer: HTTPAnswer {
    var answer = HTTPAnswer(status, "application/problem+json", bytes)
    answer.fields[.cacheControl] = "no-store"
    if let retryAfter { answer.fields[.retryAfter] = "\(retryAfter)" }
    if let challenge { answer.fields[.wwwAuthenticate] = challenge }
    return answer
  }
}

extension Problem {
  static let headTooLarge = Problem(
    .requestHeaderFieldsTooLarge, "head-too-large",
    "Expected fewer or shorter header fields, but the request's are more than this server takes.")
  static let slowHead = Problem(
    .requestTimeout, "too-slow", "Expected a whole request, but its head did not come in time.")
  static let slowBody = Problem(
    .requestTimeout, "too-slow", "Expected a whole request, but its body did not come in time.")
  static let busy = Problem(
    .serviceUnavailable, "busy",
    "Expected room for one more request, but this server is answering as many as it may. Send it again.",
    retryAfter: 1)
  static let `internal` = Problem(
    .internalServerError, "internal",
    "Expected an answer, but this server failed to make one. Its log says why.")

  static func malformed(_ detail: String) -> Problem { Problem(.badRequest, "malformed", detail) }

  static let wrongHost = Problem(
    .misdirectedRequest, "wrong-host",
    "Expected localhost, an address in digits, or a name of --http-names as the request's host, but it is another name."
  )

  static func tooLarge(_ most: Int) -> Problem {
    Problem(
      .contentTooLarge, "too-large",
      "Expected a body of at most \(most) bytes, but the request's is larger.")
  }

  static func notFound(_ path: String) -> Problem {
    Problem(.notFound, "not-found", "Expected a path of this server, but there is none of this name: \(path)")
  }

  static func wrongMethod(_ method: String, allowed: [String]) -> Problem {
    Problem(
      .methodNotAllowed, "method-not-allowed",
      "Expected \(allowed.joined(separator: " or ")) on this path, but the request is \(method).")
  }
}
