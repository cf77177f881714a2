import HTTPTypes
import KafkaClient
import SequiturHTTP
import SequiturTopics

/// Pages of events that can be kept for ever: `/feed/{partition}/{number}`.
///
/// A page has the events at offsets `[1000 n, 1000 n + 1000)` of the partition. Once everything committed reaches beyond it,
/// nothing can change in it: it is immutable, and any cache may answer for it. The last page is not whole; it says so by having no
/// link to a next one.
struct FeedPages: Sendable {
  static let offsetsPerPage: Int64 = 1000

  let topics: TopicNames
  let partitions: Int32
  let pool: FetcherPool

  var routes: [HTTPRoute] {
    [.get("/feed/:partition", head), .get("/feed/:partition/:page", page)]
  }

  /// The form of a page's body.
  private enum Form: String, Sendable {
    case lines = "application/x-ndjson"
    case cloudEvents = "application/cloudevents-batch+json"

    init(accepting accept: String?) {
      self = accept?.lowercased().contains(Self.cloudEvents.rawValue) ?? false ? .cloudEvents : .lines
    }
  }

  private struct Page: Sendable {
    let number: Int64
    let isComplete: Bool
    let low: Int64
    let body: [UInt8]
  }

  private enum Finding: Sendable {
    case page(Page)
    case gone(low: Int64)
    case beyond(last: Int64)
  }

  @Sendable private func head(_ call: HTTPCall) async throws -> HTTPAnswer {
    try await answer(call, number: nil)
  }

  @Sendable private func page(_ call: HTTPCall) async throws -> HTTPAnswer {
    guard let number = Self.number(call.parameters["page"]), number <= Int64.max / Self.offsetsPerPage - 1
    else {
      throw Problem.edge("malformed", "Expected a page's number, from 0.")
    }
    return try await answer(call, number: number)
  }

  private func answer(_ call: HTTPCall, number: Int64?) async throws -> HTTPAnswer {
    guard let partition = Self.number(call.parameters["partition"]).flatMap({ Int32(exactly: $0) }),
      partition < partitions
    else {
      throw Problem(.notFound, "unknown-partition", "Expected a partition from 0 to \(partitions - 1).")
    }
    let form = Form(accepting: call.head.headerFields[.accept])
    let finding: Finding
    do {
      finding = try await pool.run { fetcher in try find(partition, number, form, fetcher) }
    } catch let error as KafkaError {
      throw Problem.brokerAway("give the page", error)
    }
    switch finding {
    case .gone(let low):
      throw Problem(
        .gone, "deleted",
        "Expected events from offset \((number ?? 0) * Self.offsetsPerPage) on, but the topic begins with \(low): the older "
          + "ones were deleted. Begin with the states: `sequitur bootstrap`.")
    case .beyond(let last):
      var problem = Problem(
        .notFound, "not-yet", "Expected a page, but the last one is /feed/\(partition)/\(last).")
      problem.members = [Problem.Member("last", json: "\"/feed/\(partition)/\(last)\"")]
      throw problem
    case .page(let page):
      return answer(page, partition, form, call)
    }
  }

  private func answer(_ page: Page, _ partition: Int32, _ form: Form, _ call: HTTPCall) -> HTTPAnswer {
    var links: [String] = []
    if page.number > 0, page.number * Self.offsetsPerPage > page.low {
      links.append("</feed/\(partition)/\(page.number - 1)>; rel=\"prev\"")
    }
    if page.isComplete { links.append("</feed/\(partition)/\(page.number + 1)>; rel=\"next\"") }
    let tag = "\"\(page.number)-\(String(Self.hash(page.body), radix: 16))\""
    let isKnown =
      call.head.headerFields[.ifNoneMatch].map { $0.contains(tag) || $0.trimmed == "*" } ?? false
    var answer = HTTPAnswer(isKnown ? .notModified : .ok, form.rawValue, isKnown ? [] : page.body)
    answer.fields[.eTag] = tag
    answer.fields[.cacheControl] = page.isComplete ? "public, max-age=31536000, immutable" : "no-cache"
    answer.fields[.vary] = "Accept"
    if !links.isEmpty { answer.fields[.link] = links.joined(separator: ", ") }
    return answer
  }

  /// Reads the page; blocks.
  private func find(
    _ partition: Int32, _ number: Int64?, _ form: Form, _ fetcher: RecordFetcher
  ) throws -> Finding {
    let bounds = try fetcher.bounds(of: topics.valid, partition)
    let last = max(0, bounds.high - 1) / Self.offsetsPerPage
    let number = number ?? last
    guard number <= last else { return .beyond(last: last) }
    let start = number * Self.offsetsPerPage
    guard start >= bounds.low || bounds.low == 0 else { return .gone(low: bounds.low) }
    let end = start + Self.offsetsPerPage
    let values = JSONValues()
    var text: [UInt8] = form == .lines ? [] : [UInt8(ascii: "[")]
    try fetcher.read(topics.valid, partition, from: start, below: min(end, bounds.high)) { message in
      guard let event = FeedEvent(message) else { return true }
      switch form {
      case .lines:
        event.appendLine(values, to: &text)
        text.append(10)
      case .cloudEvents:
        if text.count > 1 { text.append(UInt8(ascii: ",")) }
        event.appendCloudEvent(values, to: &text)
      }
      return true
    }
    if form == .cloudEvents { text.append(contentsOf: "]\n".utf8) }
    return .page(Page(number: number, isComplete: bounds.high >= end, low: bounds.low, body: text))
  }

  static func number(_ bytes: [UInt8]?) -> Int64? {
    guard let bytes, !bytes.isEmpty, bytes.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int64(String(decoding: bytes, as: UTF8.self))
  }

  /// FNV-1a of 64 bits: tells the bodies of a page's versions apart.
  private static func hash(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
