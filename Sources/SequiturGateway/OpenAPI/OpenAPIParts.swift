import Sequitur

/// Parts of an OpenAPI document that operations share.
enum OpenAPIParts {
  static func text(_ pattern: String? = nil, minLength: Int64? = nil, maxLength: Int64? = nil) -> JSONDocument
  {
    var schema: [(String, JSONDocument)] = [("type", "string")]
    if let pattern { schema.append(("pattern", .string(pattern))) }
    if let minLength { schema.append(("minLength", .int(minLength))) }
    if let maxLength { schema.append(("maxLength", .int(maxLength))) }
    return .object(schema)
  }

  static func integer(_ range: ClosedRange<Int64>) -> JSONDocument {
    ["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)]
  }

  static func number(_ range: ClosedRange<Int64>) -> JSONDocument {
    ["type": "number", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)]
  }

  static func reference(_ kind: String, _ name: String) -> JSONDocument {
    ["$ref": .string("#/components/\(kind)/\(name)")]
  }

  static func parameter(
    _ name: String, in place: String, _ description: String, _ schema: JSONDocument
  ) -> JSONDocument {
    [
      "name": .string(name), "in": .string(place), "required": .bool(place == "path"),
      "description": .string(description), "schema": schema,
    ]
  }

  /// How long `token` and `version` are waited for.
  static let timeout = parameter(
    "timeout", in: "query", "Seconds to wait at most (5).", number(0...60))

  static let keys = [
    parameter(
      "key", in: "path", "The object's key, percent-encoded: 1 to \(Limits.keyBytesMax) bytes.",
      text(minLength: 1, maxLength: Int64(Limits.keyBytesMax))),
    parameter(
      "key", in: "query",
      "The object's key in base64url (RFC 4648, section 5), in place of the path's: for keys that are awkward in a path.",
      text("^[A-Za-z0-9_-]*={0,2}$", minLength: 2, maxLength: Int64((Limits.keyBytesMax + 2) / 3 * 4))),
  ]

  static let token = text("^[0-9]{1,9}-[0-9]{1,18}$")

  /// The headers of answers, each said once.
  static let headers: JSONDocument = [
    "Sequitur-Token": header("Where the command stands; the way to read what it did.", "^[0-9]+-[0-9]+$"),
    "ETag": header(
      "The object's version, in quotes; of a page of the feed what tells it from others.", "^\"[^\"]+\"$"),
    "Sequitur-Replayed": header("The object had been changed by an earlier command with this id.", "^true$"),
    "Idempotency-Key": header("The command's id, as it was given or as it was made here.", nil),
    "Location": header("Where the outcome is told later.", "^/outcomes/[0-9]+-[0-9]+$"),
    "Retry-After": header("Seconds after which it may be worth another try.", "^[0-9]+$"),
    "Sequitur-As-Of": header(
      "The last command of the key's partition that the answer covers.", "^[0-9]+-[0-9]+$"),
    "Sequitur-Lag": header("At most so many seconds old is what is told.", "^[0-9.e-]+$"),
    "Link": header("Where it goes on: `rel=\"next\"`, `rel=\"prev\"`.", nil),
    "WWW-Authenticate": header("How to prove who one is.", "^Bearer "),
    "Allow": header("The methods of the path.", nil),
  ]

  private static func header(_ description: String, _ pattern: String?) -> JSONDocument {
    ["description": .string(description), "schema": text(pattern)]
  }
}

/// The answers of an operation.
struct OpenAPIAnswers {
  private var answers: [(status: Int, document: JSONDocument)] = []

  /// Those that every route may give.
  ///
  /// - Parameter asksWho: whether it must be known who asks.
  init(asksWho: Bool) {
    problem(400, "`malformed`: the request is none, or a part of it cannot be read.")
    if asksWho {
      problem(401, "It is not known who asks.", ["WWW-Authenticate"])
      problem(403, "They may not.")
    }
    problem(408, "`too-slow`: head or body did not come in time.")
    problem(413, "`too-large`: the body is larger than what is taken here.")
    problem(421, "`wrong-host`: a loopback address does not answer in another host's name.")
    problem(431, "`head-too-large`.")
    problem(503, "`busy`, and what stands at the operation.", ["Retry-After"])
  }

  mutating func answer(
    _ status: Int, _ text: String, _ contentType: String, _ schema: JSONDocument, _ headers: [String] = []
  ) {
    var document: [(String, JSONDocument)] = [("description", .string(text))]
    if !headers.isEmpty {
      document.append(
        ("headers", .object(headers.map { ($0, OpenAPIParts.reference("headers", $0)) })))
    }
    document.append(
      ("content", JSONDocument.object([(contentType, JSONDocument.object([("schema", schema)]))])))
    set(status, .object(document))
  }

  /// An answer without a body.
  mutating func empty(_ status: Int, _ text: String, _ headers: [String] = []) {
    set(
      status,
      [
        "description": .string(text),
        "headers": .object(headers.map { ($0, OpenAPIParts.reference("headers", $0)) }),
      ])
  }

  mutating func problem(_ status: Int, _ text: String, _ headers: [String] = [], schema: String = "Problem") {
    answer(
      status, text, "application/problem+json", OpenAPIParts.reference("schemas", schema), headers)
  }

  private mutating func set(_ status: Int, _ document: JSONDocument) {
    answers.removeAll { $0.status == status }
    answers.append((status, document))
  }

  var document: JSONDocument {
    .object(answers.sorted { $0.status < $1.status }.map { ("\($0.status)", $0.document) })
  }
}
