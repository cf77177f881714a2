/// The operations of the feed, and those for operators and their machines.
struct OpenAPIFeed {
  let asksWho: Bool

  var paths: [(String, JSONDocument)] {
    [
      ("/feed/{partition}", ["get": page([Self.partition])]),
      ("/feed/{partition}/{page}", ["get": page([Self.partition, Self.page])]),
    ]
  }

  private static let partition = OpenAPIParts.parameter(
    "partition", in: "path", "The partition, from 0.", OpenAPIParts.integer(0...9999))
  private static let page = OpenAPIParts.parameter(
    "page", in: "path", "The page's number, from 0.", OpenAPIParts.integer(0...1_000_000_000_000))

  private func page(_ place: [JSONDocument]) -> JSONDocument {
    var answers = OpenAPIAnswers(asksWho: asksWho)
    answers.answer(
      200, "The events, a line of JSON each, or a batch of CloudEvents as Accept asks.",
      "application/x-ndjson",
      OpenAPIParts.text(), ["ETag", "Link"])
    answers.empty(304, "The page is the one of If-None-Match.", ["ETag", "Link"])
    answers.problem(404, "`unknown-partition`, or `not-yet`: the page is behind the last one.")
    answers.problem(410, "`deleted`: the page is before the topic's first offset.")
    answers.problem(503, "`broker-away` or `busy`.", ["Retry-After"])
    let known = OpenAPIParts.parameter(
      "If-None-Match", in: "header", "The page that is known.", OpenAPIParts.text())
    return [
      "summary": "Read a page of events", "parameters": .array(place + [known]),
      "responses": answers.document,
    ]
  }
}
