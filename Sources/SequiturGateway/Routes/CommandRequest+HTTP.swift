import Foundation
import HTTPTypes
import KafkaClient
import Sequitur
import SequiturHTTP

extension HTTPField.Name {
  static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
  static let link = HTTPField.Name("Link")!
  static let prefer = HTTPField.Name("Prefer")!
  static let sequiturToken = HTTPField.Name("Sequitur-Token")!
  static let sequiturAsOf = HTTPField.Name("Sequitur-As-Of")!
  static let sequiturLag = HTTPField.Name("Sequitur-Lag")!
  static let sequiturReplayed = HTTPField.Name("Sequitur-Replayed")!
  static let traceparent = HTTPField.Name("traceparent")!
  static let tracestate = HTTPField.Name("tracestate")!
}

extension CommandRequest {
  /// Reads a request for `POST /objects/{key}/commands/{type}`.
  ///
  /// - Parameter id: the command's id, read before so that it can be told with a problem too.
  /// - Throws: ``Problem``: 400 for what no state could make valid, 413, 408.
  init(_ call: HTTPCall, id: String) async throws {
    try self.init(headOf: call, id: id)
    payload = try await call.collectBody()
  }

  /// What the request's head says; the payload is empty.
  init(headOf call: HTTPCall, id: String) throws(Problem) {
    key = try Self.key(of: call)
    guard let bytes = call.parameters["type"], !bytes.isEmpty,
      let text = String(validating: bytes, as: UTF8.self)
    else { throw Problem.edge("malformed", "Expected a command's type in UTF-8 as the path's last part.") }
    type = text
    self.id = id
    actor = call.caller.subject
    expectedVersion = try Self.expectedVersion(call.head.headerFields)
    for name in [HTTPField.Name.contentType, .traceparent, .tracestate] {
      guard let value = call.head.headerFields[name], !value.isEmpty else { continue }
      guard value.utf8.count <= GatewayLimits.fieldBytesMax else {
        throw Problem.edge(
          "malformed", "Expected at most \(GatewayLimits.fieldBytesMax) bytes in \(name.rawName).")
      }
      carried.append(Header(name: name.canonicalName, value: value))
    }
    wait = Self.wait(call.head.headerFields)
    payload = []
  }

  /// The client's id for its request, or one made here.
  ///
  /// The draft of the HTTPAPI working group has it as a structured field's string, in quotes; many clients send it bare.
  /// - Throws: ``Problem``: 400 for one that is empty, too long, or a string that is none.
  static func id(_ fields: HTTPFields) throws(Problem) -> String {
    guard let given = fields[.idempotencyKey] else { return UUID().uuidString.lowercased() }
    guard fields[values: .idempotencyKey].count == 1 else {
      throw .edge("malformed", "Expected one Idempotency-Key, but found several.")
    }
    guard let id = given.hasPrefix("\"") ? StructuredText.string(given) : given else {
      throw .edge(
        "malformed",
        "Expected Idempotency-Key to be bare, or a string in quotes (RFC 9651, 3.3.3), but it is neither.")
    }
    guard !id.isEmpty, id.utf8.count <= GatewayLimits.fieldBytesMax else {
      throw .edge(
        "malformed",
        "Expected 1 to \(GatewayLimits.fieldBytesMax) bytes in Idempotency-Key, but found \(id.utf8.count).")
    }
    return id
  }

  /// The path's key; `?key=` in base64url is used in its place, for keys that are awkward in a path.
  static func key(of call: HTTPCall) throws(Problem) -> [UInt8] {
    var key = call.parameters["key"] ?? []
    let query = QueryItems(call.query)
    guard !query.unusable.contains("key") else {
      throw .edge("invalid-key", "Expected one `key` in the query, in base64url, but it cannot be read.")
    }
    if let text = query["key"] {
      guard let decoded = Base64URLText.decode(text.utf8) else {
        throw .edge("invalid-key", "Expected base64url (RFC 4648, section 5) in the query's `key`.")
      }
      key = decoded
    }
    try check(key)
    return key
  }

  /// - Throws: ``Problem``: 400 for a key that no object has.
  static func check(_ key: [UInt8]) throws(Problem) {
    guard (1...Limits.keyBytesMax).contains(key.count) else {
      throw .edge(
        "invalid-key", "Expected a key of 1 to \(Limits.keyBytesMax) bytes, but it has \(key.count).")
    }
  }

  /// `If-Match` and `If-None-Match` (RFC 9110, 13.1) as an expected version.
  private static func expectedVersion(_ fields: HTTPFields) throws(Problem) -> String? {
    let (match, noneMatch) = (fields[.ifMatch], fields[.ifNoneMatch])
    guard match == nil || noneMatch == nil else {
      throw .edge("malformed", "Expected If-Match or If-None-Match, but found both.")
    }
    if let noneMatch {
      guard noneMatch.trimmed == "*" else {
        throw .edge(
          "malformed", "Expected `*` in If-None-Match: only that no object exists can be asked of a command.")
      }
      return "none"
    }
    guard let match = match?.trimmed else { return nil }
    if match == "*" { return "exists" }
    guard match.count > 2, match.hasPrefix("\""), match.hasSuffix("\""),
      match.dropFirst().dropLast().utf8.allSatisfy({ 48...57 ~= $0 }),
      let version = UInt64(match.dropFirst().dropLast()), version > 0
    else {
      throw .edge("malformed", "Expected a version in quotes in If-Match, like \"7\", or `*`.")
    }
    return "\(version)"
  }

  /// `Prefer: wait=5` and `Prefer: respond-async` (RFC 7240). What is not understood is ignored, as the RFC asks.
  static func wait(_ fields: HTTPFields) -> Duration {
    var wait = GatewayLimits.wait
    for preference in fields[values: .prefer].flatMap({ $0.split(separator: ",") }) {
      let text = (preference.split(separator: ";").first ?? "").trimmed.lowercased()
      if text == "respond-async" { return .zero }
      if text.hasPrefix("wait="), let seconds = Int64(text.dropFirst(5)), seconds >= 0 {
        wait = GatewayLimits.wait(ofSeconds: seconds)
      }
    }
    return wait
  }
}

extension StringProtocol {
  /// Without blanks at its ends.
  var trimmed: String { trimmingCharacters(in: CharacterSet(charactersIn: " \t")) }
}

extension Problem {
  /// The broker did not do what a request that changes nothing needs of it.
  static func brokerAway(_ goal: String, _ error: KafkaError) -> Problem {
    Problem(
      .serviceUnavailable, "broker-away",
      "Expected the broker to \(goal), but it did not (\(error.code.name): \(error.detail)). Ask again.",
      retryAfter: 1)
  }

  /// What no state of the object could make valid, found before anything was appended.
  static func edge(_ code: String, _ detail: String, _ status: HTTPResponse.Status = .badRequest) -> Problem {
    var problem = Problem(status, code, detail)
    problem.members = [Member("source", json: "\"edge\"")]
    return problem
  }
}
