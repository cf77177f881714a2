/// The operations that send commands and ask for their outcomes.
struct OpenAPICommands {
  let asksWho: Bool

  /// - Parameters:
  ///   - name: the command's type; nil: any, as a part of the path.
  ///   - body: the payload's schema.
  func command(_ name: String?, _ body: JSONDocument?) -> JSONDocument {
    var parameters = OpenAPIParts.keys
    if name == nil {
      parameters.insert(
        OpenAPIParts.parameter("type", in: "path", "The command's type.", OpenAPIParts.text(minLength: 1)),
        at: 1)
    }
    parameters += [
      OpenAPIParts.parameter(
        "Idempotency-Key", in: "header",
        "The command's id, bare or as a structured field's string in quotes: a command that comes again with it changes nothing.",
        OpenAPIParts.text("^[!#-~]([ -~]*[!#-~])?$", minLength: 1, maxLength: 256)),
      OpenAPIParts.parameter(
        "If-Match", in: "header", "The version that the object must have, in quotes, or `*`: any.",
        OpenAPIParts.text("^(\\*|\"[1-9][0-9]{0,17}\")$")),
      OpenAPIParts.parameter(
        "If-None-Match", in: "header", "`*`: there must be no object. Not together with If-Match.",
        OpenAPIParts.text("^\\*$")),
      OpenAPIParts.parameter(
        "Prefer", in: "header", "`wait=5`: seconds to wait for the outcome; `respond-async`: do not wait.",
        OpenAPIParts.text("^(wait=[0-9]{1,2}|respond-async)$")),
      OpenAPIParts.parameter(
        "traceparent", in: "header", "W3C Trace Context: goes on in the events.",
        OpenAPIParts.text("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")),
    ]
    let content: JSONDocument =
      body.map { ["application/json": ["schema": $0]] } ?? ["application/octet-stream": ["schema": [:]]]
    return [
      "summary": .string(name.map { "Send the command \($0)" } ?? "Send a command"),
      "parameters": .array(parameters),
      "requestBody": ["required": .bool(body != nil), "content": content],
      "responses": sent.document,
    ]
  }

  var outcome: JSONDocument {
    [
      "summary": "Ask what became of a command",
      "parameters": [
        OpenAPIParts.parameter(
          "token", in: "path", "Where the command stands: a partition and an offset.", OpenAPIParts.token),
        OpenAPIParts.parameter(
          "wait", in: "query", "Seconds to wait for the outcome; 60 at most are waited.",
          OpenAPIParts.integer(0...Int64(Int32.max))),
      ],
      "responses": decided.document,
    ]
  }

  /// Many commands in one request.
  var batch: JSONDocument {
    var answers = OpenAPIAnswers(asksWho: asksWho)
    answers.answer(
      200,
      "For each line of the request a line of JSON when it is decided (the schema `Result`), in the order of the outcomes.",
      "application/x-ndjson", OpenAPIParts.text())
    answers.problem(411, "`length-required`: the body has no Content-Length.")
    answers.problem(429, "The gateway holds as much as it may. Nothing was appended.", ["Retry-After"])
    let prefer = OpenAPIParts.parameter(
      "Prefer", in: "header", "`wait=5`: seconds to wait for each outcome; `respond-async`: do not wait.",
      OpenAPIParts.text("^(wait=[0-9]{1,2}|respond-async)$"))
    let lines =
      "Lines of JSON like `{\"key\":\"a\",\"type\":\"b\",\"id\":\"c\",\"expectedVersion\":7,\"payload\":{}}`: id and expectedVersion "
      + "(any, none, exists or a version) may be left out."
    return [
      "summary": "Send many commands", "parameters": [prefer],
      "requestBody": [
        "required": true, "description": .string(lines),
        "content": ["application/x-ndjson": ["schema": OpenAPIParts.text()]],
      ],
      "responses": answers.document,
    ]
  }

  private static let told = ["Sequitur-Token", "Location"]

  /// What is told of a decided command, or of one that is not decided yet.
  private var decided: OpenAPIAnswers {
    var answers = OpenAPIAnswers(asksWho: asksWho)
    answers.answer(
      200, "The object was changed, or had been by an earlier command of the same id.", "application/json",
      OpenAPIParts.reference("schemas", "Valid"), Self.told + ["ETag", "Sequitur-Replayed"])
    answers.answer(
      201, "The object was made.", "application/json", OpenAPIParts.reference("schemas", "Valid"),
      Self.told + ["ETag"])
    answers.answer(
      202, "The command stands on the topic; its outcome is not known yet.", "application/json",
      OpenAPIParts.reference("schemas", "Pending"), Self.told)
    answers.problem(400, "`malformed` or `invalid-key`.", Self.told)
    answers.problem(404, "`not-found`: the object does not exist; or there is no such outcome.", Self.told)
    answers.problem(
      409, "`invalid-transition`, `guard-failed`, or a code of the rules: the object's state forbids it.",
      Self.told)
    answers.problem(412, "`version-conflict`: the object is at another version.", Self.told)
    answers.problem(413, "`too-large`.", Self.told)
    answers.problem(
      422, "`unknown-command`, `invalid-field`, `out-of-range` or `output-refused`.", Self.told)
    answers.problem(500, "`decider-error`: the decider failed.", Self.told, schema: "DeciderError")
    return answers
  }

  /// The same, and what keeps a command from being appended.
  private var sent: OpenAPIAnswers {
    var answers = decided
    answers.problem(411, "`length-required`: the body has no Content-Length.")
    answers.problem(429, "The gateway holds as much as it may. Nothing was appended.", ["Retry-After"])
    answers.problem(
      503,
      "No broker took the command, no worker serves its partition, too many commands stand before it, or the server is busy. "
        + "Nothing was appended.", ["Retry-After"])
    answers.problem(
      504, "It is not known whether the command was appended: repeat it with the same Idempotency-Key.")
    return answers
  }
}
