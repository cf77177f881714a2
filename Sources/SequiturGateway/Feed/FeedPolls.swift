import HTTPTypes
import KafkaClient
import SequiturHTTP
import SequiturTopics

/// `GET /feed?lastEventId=&timeout=`: the events of all partitions behind one that the client had, as a batch of CloudEvents, as
/// http-feeds.org has it.
///
/// An event's `id` here is the position of the whole feed behind it: it is what `lastEventId` says, also to another gateway. Its
/// own id is `eventid`. When there is no event, the answer waits for one, at most as long as the client says.
struct FeedPolls: Sendable {
  let topics: TopicNames
  let partitions: Int32
  let pool: FetcherPool
  let news: FeedNews

  var routes: [HTTPRoute] { [HTTPRoute.get("/feed", poll).endingWithClient()] }

  /// What a look at the topic gives.
  private enum Look: Sendable {
    case events([UInt8], count: Int)
    case gone(partition: Int32, low: Int64)
  }

  @Sendable private func poll(_ call: HTTPCall) async throws -> HTTPAnswer {
    let query = QueryItems(call.query)
    let position = try position(query)
    let deadline = ContinuousClock.now + (try Self.wait(query))
    while true {
      let count = news.count
      let look: Look
      do {
        look = try await pool.run { fetcher, request in try read(position, fetcher, request) }
      } catch let error as KafkaError {
        throw Problem.brokerAway("give the events", error)
      }
      switch look {
      case .gone(let partition, let low):
        throw Problem(
          .gone, "deleted",
          "Expected the events behind lastEventId, but partition \(partition) begins with offset \(low): some were deleted. "
            + "Begin with the states (`sequitur bootstrap`).")
      case .events(let bytes, let events):
        let left = deadline - .now
        if events == 0, left > .zero {
          await news.wait(beyond: count, atMost: left)
          try Task.checkCancellation()
          // Behind the time's end there is one more look.
          continue
        }
        var answer = HTTPAnswer(.ok, FeedForm.cloudEvents.rawValue, bytes)
        answer.fields[.cacheControl] = "no-store"
        return answer
      }
    }
  }

  private func position(_ query: QueryItems) throws -> FeedPosition? {
    guard !query.unusable.contains("lastEventId") else { throw Self.badPosition }
    guard let text = query["lastEventId"], !text.isEmpty else { return nil }
    guard let position = FeedPosition(text, partitions: partitions) else { throw Self.badPosition }
    return position
  }

  /// Milliseconds.
  private static func wait(_ query: QueryItems) throws -> Duration {
    guard let text = query["timeout"] else { return .zero }
    guard let time = FeedPages.number(Array(text.utf8)) else {
      throw Problem.edge("malformed", "Expected milliseconds as ?timeout, from 0.")
    }
    return min(.milliseconds(min(time, 1 << 40)), GatewayLimits.pollWaitMax)
  }

  private static let badPosition = Problem.edge(
    "malformed",
    "Expected the id of an event of this feed as ?lastEventId, like 0:17,1:4: a partition and an offset for each of them."
  )

  /// Blocks.
  private func read(
    _ position: FeedPosition?, _ fetcher: RecordFetcher, _ request: FetchRequest
  ) throws -> Look {
    let bounds = try (0..<partitions).map { try fetcher.bounds(of: topics.valid, $0) }
    var at = position ?? FeedPosition(bounds.map(\.low))
    for (partition, bounds) in bounds.enumerated() where at.offsets[partition] < bounds.low {
      return .gone(partition: Int32(partition), low: bounds.low)
    }
    let values = JSONValues()
    var (bytes, count) = ([UInt8(ascii: "[")], 0)
    // Each turn begins with another partition, so that a busy one does not keep the others back.
    let first = Int32(at.offsets.reduce(0, &+).magnitude % UInt64(partitions))
    for step in 0..<partitions {
      let partition = (first + step) % partitions
      let start = at.offsets[Int(partition)]
      try fetcher.read(
        topics.valid, partition, from: start, below: bounds[Int(partition)].high, for: request
      ) { message in
        guard let event = FeedEvent(message) else { return true }
        at.take(partition, event.offset)
        if count > 0 { bytes.append(UInt8(ascii: ",")) }
        event.appendCloudEvent(values, position: at.description, to: &bytes)
        count += 1
        return count < GatewayLimits.pollEvents && bytes.count < GatewayLimits.pageBytes
      }
      if count >= GatewayLimits.pollEvents || bytes.count >= GatewayLimits.pageBytes { break }
    }
    return .events(bytes + Array("]\n".utf8), count: count)
  }
}
