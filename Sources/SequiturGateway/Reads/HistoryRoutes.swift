import HTTPTypes
import KafkaClient
import Sequitur
import SequiturHTTP
import SequiturTopics

/// `GET /objects/{key}/events`: an object's events, read from the valid topic.
///
/// Nothing is indexed: a request goes through so many offsets of the key's partition, or for so long, and tells where the next one
/// goes on.
struct HistoryRoutes: Sendable {
  /// Events of an answer, by default and at most.
  static let limits = (byDefault: Int64(100), atMost: Int64(1000))
  /// Offsets that one request goes through.
  static let offsetsMax: Int64 = 200_000
  /// How long one request reads.
  private static let time = Duration.seconds(3)

  let topics: TopicNames
  let partitions: Int32
  let pool: FetcherPool

  var routes: [HTTPRoute] {
    [
      HTTPRoute.get("/objects/:key/events", events).asking { call in
        .read(key: try CommandRequest.key(of: call))
      }.endingWithClient()
    ]
  }

  private struct Part: Sendable {
    /// One event a line.
    var text: [UInt8] = []
    /// Where the next request goes on; nil: everything that is committed was read.
    var next: Int64?
    var isWhole = false
    var low: Int64 = 0
  }

  @Sendable private func events(_ call: HTTPCall) async throws -> HTTPAnswer {
    let key = try CommandRequest.key(of: call)
    let query = try QueryParameters(call.query, allowing: ["key", "from", "limit"])
    let limit = Int(try query.integer("limit", in: 1...Self.limits.atMost) ?? Self.limits.byDefault)
    let from = try query.integer("from", in: 0...(Int64.max - 1))
    let part: Part
    do {
      part = try await pool.run { fetcher, request in try read(key, from, limit, fetcher, request) }
    } catch let error as KafkaError {
      throw Problem.brokerAway("give the events", error)
    }
    if let from, from < part.low {
      throw Problem(
        .gone, "deleted",
        "Expected events from offset \(from) on, but the topic begins with \(part.low): the older ones were deleted. Leave "
          + "`from` out to begin there.")
    }
    if part.text.isEmpty, part.isWhole {
      throw Problem(.notFound, "not-found", "Expected events of this object, but the topic has none.")
    }
    var answer = HTTPAnswer(.ok, "application/x-ndjson", part.text)
    answer.fields[.cacheControl] = "no-cache"
    if let next = part.next {
      answer.fields[.link] = "<\(Self.link(call, query, next, limit))>; rel=\"next\""
    }
    return answer
  }

  private static func link(_ call: HTTPCall, _ query: QueryParameters, _ next: Int64, _ limit: Int) -> String
  {
    let path = (call.head.path ?? "").prefix { $0 != "?" }
    let key = query["key"].map { "&key=\(String(decoding: $0, as: UTF8.self))" } ?? ""
    return "\(path)?from=\(next)&limit=\(limit)\(key)"
  }

  /// Goes through the key's partition; blocks.
  private func read(
    _ key: [UInt8], _ from: Int64?, _ limit: Int, _ fetcher: RecordFetcher, _ request: FetchRequest
  ) throws -> Part {
    let partition = Murmur2.partition(of: key, among: partitions)
    let bounds = try fetcher.bounds(of: topics.valid, partition)
    var part = Part(low: bounds.low)
    let start = max(from ?? bounds.low, bounds.low)
    let (end, isCut) = start.addingReportingOverflow(Self.offsetsMax)
    let stop = isCut ? bounds.high : min(end, bounds.high)
    let deadline = ContinuousClock.now + Self.time
    let values = JSONValues()
    var text: [UInt8] = []
    var count = 0
    var next = stop
    try fetcher.read(topics.valid, partition, from: start, below: stop, for: request) { message in
      if let own = message.key, own.elementsEqual(key), let event = FeedEvent(message) {
        event.appendLine(values, to: &text)
        text.append(UInt8(ascii: "\n"))
        count += 1
      }
      guard count < limit, message.offset % 256 != 0 || .now < deadline else {
        next = message.offset + 1
        return false
      }
      return true
    }
    part.text = text
    part.next = next < bounds.high ? next : nil
    part.isWhole = start == bounds.low && part.next == nil
    return part
  }
}
