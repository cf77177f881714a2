import Sequitur

/// The operations that read objects and the feed.
struct OpenAPIReads {
  let asksWho: Bool

  var paths: [(String, JSONDocument)] {
    [
      ("/objects/{key}", ["get": object]), ("/objects", ["get": page]),
      ("/objects/{key}/events", ["get": events]),
    ]
  }

  private static let waits = [
    OpenAPIParts.parameter(
      "token", in: "query", "Wait until this command is covered.", OpenAPIParts.token), OpenAPIParts.timeout,
  ]

  private var kept: OpenAPIAnswers {
    var answers = OpenAPIAnswers(asksWho: asksWho)
    answers.problem(501, "`no-view`: this gateway keeps no objects (--view).")
    answers.problem(
      503, "`catching-up`, `stale` or `unreadable`: the view does not have it; or `busy`.", ["Retry-After"])
    answers.problem(504, "`not-covered`: what was waited for did not come in time.", ["Retry-After"])
    return answers
  }

  private var object: JSONDocument {
    var answers = kept
    answers.answer(
      200, "The state, as the decider encodes it.", "application/json", [:],
      ["ETag", "Sequitur-As-Of", "Sequitur-Lag"])
    answers.empty(304, "The version is one of If-None-Match.", ["ETag", "Sequitur-As-Of", "Sequitur-Lag"])
    answers.problem(
      404, "`not-found`, or `not-followed`: no such partition.", ["Sequitur-As-Of", "Sequitur-Lag"])
    let own = [
      OpenAPIParts.parameter(
        "version", in: "query", "Wait until the object is at this version, or beyond.",
        OpenAPIParts.integer(1...Int64.max)),
      OpenAPIParts.parameter(
        "stale", in: "query",
        "What is told may be so old, like `5s`; `Sequitur-Lag` says how old it is at most.",
        OpenAPIParts.text("^[0-9]{1,4}s$")),
      OpenAPIParts.parameter(
        "If-None-Match", in: "header", "Versions that are known, in quotes, or `*`.", OpenAPIParts.text()),
    ]
    return [
      "summary": "Read an object's state", "parameters": .array(OpenAPIParts.keys + Self.waits + own),
      "responses": answers.document,
    ]
  }

  private var page: JSONDocument {
    var answers = kept
    answers.answer(
      200, "Objects, each on one page only. A page with `next` is not the last.", "application/json",
      OpenAPIParts.reference("schemas", "Page"), ["Link"])
    answers.problem(404, "`not-followed`: no such partition.")
    let own = [
      OpenAPIParts.parameter(
        "partition", in: "query", "Only the objects of this one.", OpenAPIParts.integer(0...Int64(Int32.max))),
      OpenAPIParts.parameter(
        "after", in: "query", "The last key of the page before, percent-encoded.",
        OpenAPIParts.text(maxLength: Int64(Limits.keyBytesMax))),
      OpenAPIParts.parameter(
        "limit", in: "query", "Objects at most (100).", OpenAPIParts.integer(1...ObjectRoutes.limits.atMost)),
    ]
    return [
      "summary": "Read objects, page by page", "parameters": .array(own + Self.waits),
      "responses": answers.document,
    ]
  }

  private var events: JSONDocument {
    var answers = OpenAPIAnswers(asksWho: asksWho)
    answers.answer(
      200, "Events in their order, a line of JSON each. With a link to the next part it is not the last.",
      "application/x-ndjson", OpenAPIParts.text(), ["Link"])
    answers.problem(404, "`not-found`: the topic has no events of the object.")
    answers.problem(410, "`deleted`: events before the topic's first offset were asked for.")
    answers.problem(503, "`broker-away` or `busy`.", ["Retry-After"])
    let own = [
      OpenAPIParts.parameter(
        "from", in: "query", "The offset of the valid topic to begin with.",
        OpenAPIParts.integer(0...(Int64.max - 1))),
      OpenAPIParts.parameter(
        "limit", in: "query", "Events at most (100).", OpenAPIParts.integer(1...HistoryRoutes.limits.atMost)),
    ]
    return [
      "summary": "Read an object's events", "parameters": .array(OpenAPIParts.keys + own),
      "responses": answers.document,
    ]
  }
}
