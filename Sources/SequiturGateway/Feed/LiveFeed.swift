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

    var routes: [HTTPRoute] {
      [
        .get("/feed/live") { [whole, thin] call in
          .events(QueryItems(call.query)["thin"] == "1" ? thin : whole)
        }
      ]
    }

    private static var limits: EventFeed.Limits {
      var limits = EventFeed.Limits()
      limits.bytesMax = GatewayLimits.liveBytes
      return limits
    }
  }

  private let rings: Rings
  private let values = JSONValues()
  private var positions: [Int64]

  /// - Parameter positions: the next offset of each partition.
  init(_ rings: Rings, positions: [Int64]) {
    self.rings = rings
    self.positions = positions
  }

  /// Takes a record of the valid topic.
  func take(_ message: borrowing Message) {
    guard positions.indices.contains(Int(message.partition)), let event = FeedEvent(message) else { return }
    positions[Int(message.partition)] = message.offset + 1
    let id = positions.enumerated().map { "\($0.offset):\($0.element)" }.joined(separator: ",")
    rings.whole.publish(id: id, data: event.line(values))
    rings.thin.publish(id: id, data: event.line(values, isThin: true))
  }

  /// Reading goes on at other offsets: what lies between is not told, and clients must know.
  func restart(_ positions: [Int64]) {
    self.positions = positions
    rings.whole.forget()
    rings.thin.forget()
  }
}
