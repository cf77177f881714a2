import KafkaClient
import SequiturHTTP

/// Events as they are committed: `/feed/live`, as server-sent events.
///
/// One ring for all clients. An event's id is where every partition stands with it, like `0:17,1:4`: a client that comes back with
/// the last one it saw goes on behind it. Thread rule of ``take(_:)``: one thread.
final class LiveFeed {
  /// The rings, which any thread may use.
  struct Rings: Sendable {
    /// Events with their payloads.
    let whole = EventFeed(Self.limits)
    /// Without.
    let thin = EventFeed(Self.limits)
    /// For those who poll.
    let news = FeedNews()

    var routes: [HTTPRoute] {
      [
        .get("/feed/live") { [whole, thin] call in
          let query = QueryItems(call.query)
          return .events(query["thin"] == "1" ? thin : whole, try Self.filter(query))
        }
      ]
    }

    /// `type=created,paid` and `prefix=order-`.
    private static func filter(_ query: QueryItems) throws -> EventFilter {
      if let name = query.unusable.intersection(["thin", "type", "prefix"]).min() {
        throw Problem.edge("malformed", "Expected text as ?\(name), once, but it is none.")
      }
      var filter = EventFilter()
      if let types = query["type"] {
        filter.types = Set(types.split(separator: ",").map(String.init))
        guard !filter.types.isEmpty, filter.types.count <= GatewayLimits.filterTypes else {
          throw Problem.edge(
            "malformed", "Expected 1 to \(GatewayLimits.filterTypes) event types with commas as ?type.")
        }
      }
      filter.keyPrefix = Array((query["prefix"] ?? "").utf8)
      return filter
    }

    private static var limits: EventFeed.Limits {
      var limits = EventFeed.Limits()
      limits.bytesMax = GatewayLimits.liveBytes
      return limits
    }
  }

  private let rings: Rings
  private let values = JSONValues()
  private var position: FeedPosition
  private var line: [UInt8] = []

  /// - Parameter position: the next offset of each partition.
  init(_ rings: Rings, position: FeedPosition) {
    self.rings = rings
    self.position = position
  }

  /// Takes a record of the valid topic.
  func take(_ message: borrowing Message) {
    guard position.take(message.partition, message.offset), let event = FeedEvent(message) else { return }
    let (id, labels) = (position.description, event.labels)
    line.removeAll(keepingCapacity: true)
    event.appendLine(values, to: &line)
    rings.whole.publish(id: id, line: line, labels: labels)
    line.removeAll(keepingCapacity: true)
    event.appendThinLine(to: &line)
    rings.thin.publish(id: id, line: line, labels: labels)
    rings.news.tell()
  }

  /// Reading goes on at other offsets: what lies between is not told, and clients must know.
  func restart(_ position: FeedPosition) {
    self.position = position
    rings.whole.forget()
    rings.thin.forget()
  }
}
