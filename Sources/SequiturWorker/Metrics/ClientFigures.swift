import Foundation
import SequiturMetrics

/// What of a client's statistics a worker measures (librdkafka's STATISTICS.md).
struct ClientFigures: Decodable, Sendable {
  /// One broker. Times are in microseconds there, throttling in milliseconds.
  struct Broker: Decodable, Sendable {
    struct Window: Decodable, Sendable {
      var avg = 0
    }

    let nodeid: Int
    let source: String
    let state: String
    let requestsWaiting: Int
    let requestTimeouts: Int
    let rtt: Window
    let throttle: Window

    private enum CodingKeys: String, CodingKey {
      case nodeid, source, state, rtt, throttle
      case requestsWaiting = "waitresp_cnt"
      case requestTimeouts = "req_timeouts"
    }
  }

  struct Topic: Decodable, Sendable {
    struct Partition: Decodable, Sendable {
      let fetchedBytes: Int

      private enum CodingKeys: String, CodingKey {
        case fetchedBytes = "fetchq_size"
      }
    }

    let partitions: [String: Partition]
  }

  let replyq: Int
  let brokers: [String: Broker]
  let topics: [String: Topic]

  /// Nil for what is no statistics: another version's, say.
  static func parse(_ json: UnsafeRawBufferPointer) -> ClientFigures? {
    try? JSONDecoder().decode(ClientFigures.self, from: Data(json))
  }

  /// Passes them on. Only brokers that the cluster named: the bootstrap addresses are the same ones once more.
  func set(_ meters: WorkerMeters) {
    for broker in brokers.values where broker.nodeid >= 0 && broker.source == "learned" {
      let id = "\(broker.nodeid)"
      meters.set(.clientRequestsWaiting, Double(broker.requestsWaiting), id)
      meters.set(.clientRoundTrip, Double(broker.rtt.avg) / 1e6, id)
      meters.set(.clientThrottle, Double(broker.throttle.avg) / 1e3, id)
      meters.set(.clientTimeouts, Double(broker.requestTimeouts), id)
      meters.set(.clientBrokerUp, broker.state == "UP" ? 1 : 0, id)
    }
    let fetched = topics.values.flatMap { $0.partitions.values }.reduce(0) { $0 + $1.fetchedBytes }
    meters.set(.clientFetchQueue, Double(fetched))
    meters.set(.memoryUsed, Double(fetched), "fetched")
    meters.set(.clientReplies, Double(replyq))
  }
}
