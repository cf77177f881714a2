import CRdKafka
import Glibc
import Logging

/// A C handle that any thread may use.
///
/// Safe by librdkafka's INTRODUCTION.md, "Threads and callbacks": "The API is completely thread-safe and the
/// calling application may call any of the API functions from any of its own threads at any time." The pointer
/// itself never changes, and only the class that owns it destroys it.
struct SharedPointer: @unchecked Sendable {
  let raw: OpaquePointer
}

/// Owner of one `rd_kafka_t`. Everything made from a client keeps its handle alive.
final class KafkaHandle: Sendable {
  private let pointer: SharedPointer
  /// What the callbacks need; the C side knows it as the opaque, so that it must live as long as the client.
  let context: ClientContext

  var raw: OpaquePointer { pointer.raw }

  /// Makes a client (`rd_kafka_new`).
  /// - Throws: `invalidArgument` for a property or a combination of properties that is refused.
  init(
    _ type: rd_kafka_type_t, configuration: KafkaConfiguration, context: ClientContext
  ) throws(KafkaError) {
    let conf = try configuration.makeConf()
    context.install(on: conf)
    var client: OpaquePointer?
    let text = KafkaError.withErrorText { client = rd_kafka_new(type, conf, $0, $1) }
    guard let client else {
      rd_kafka_conf_destroy(conf)  // rd_kafka_new takes the configuration only when it succeeds.
      throw KafkaError(code: .invalidArgument, operation: "make a Kafka client", detail: text)
    }
    pointer = SharedPointer(raw: client)
    self.context = context
  }

  /// Without the flag, `rd_kafka_destroy` would call `rd_kafka_consumer_close`, which may wait for ever and runs
  /// rebalance callbacks on whichever thread drops the last reference. A consumer is closed by `close(timeout:)`
  /// or not at all. A producer ignores the flag: records it still holds are lost, in either case. (The
  /// IMMEDIATE flag of librdkafka's sources is not part of its API.)
  ///
  /// A client that must not be destroyed is left to the process: ``RebalanceDispatcher/mayDestroy``.
  deinit {
    guard context.rebalance?.mayDestroy ?? true else {
      // The client's callbacks still know it.
      _ = Unmanaged.passRetained(context)
      return
    }
    rd_kafka_destroy_flags(raw, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
  }

  /// The error that ended the client, nil while it is alive.
  var fatalError: KafkaError? { KafkaError.fatal(of: raw, operation: "use the Kafka client") }

  /// The error with the failure of the last connection, when it says that nobody answered.
  func explained(_ error: KafkaError) -> KafkaError {
    guard error.isOfConnection else { return error }
    var error = error
    error.connection = context.connectionFailure
    return error
  }

  /// Throws when a C function returned a code other than success.
  func check(_ code: rd_kafka_resp_err_t, _ operation: @autoclosure () -> String) throws(KafkaError) {
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    throw explained(KafkaError(code, operation: operation()))
  }

  /// The cluster's id, nil when no broker told it within the time-out (`rd_kafka_clusterid`).
  func clusterID(timeout: Duration) -> String? {
    guard let text = rd_kafka_clusterid(raw, timeout.kafkaMilliseconds) else { return nil }
    defer { rd_kafka_mem_free(raw, text) }
    return String(cString: text)
  }

  /// Asks the partition's leader for its oldest and next offset (`rd_kafka_query_watermark_offsets`), again until
  /// the time-out while there is none: brokers name a new topic's leader some milliseconds before it leads.
  /// librdkafka gives that error up at once, having only asked for new metadata.
  ///
  /// An empty partition is asked for twice: librdkafka 2.0.2 asks for both offsets by a request each, and when only
  /// one of them fails it gives the other's answer for both.
  func watermarks(topic: String, partition: Int32, timeout: Duration) throws(KafkaError) -> Watermarks {
    let deadline = ContinuousClock.now + timeout
    var isEmpty = false
    while true {
      var low: Int64 = 0
      var high: Int64 = 0
      let rest = max(.zero, deadline - .now).kafkaMilliseconds
      let code = rd_kafka_query_watermark_offsets(raw, topic, partition, &low, &high, rest)
      if code == RD_KAFKA_RESP_ERR_NO_ERROR {
        guard low == high, !isEmpty else { return (low, high) }
        isEmpty = true
        continue
      }
      let error = explained(KafkaError(code, operation: "ask for a partition's watermarks"))
        .at(TopicPartition(topic: topic, partition: partition))
      guard error.isOfLeaderChange, ContinuousClock.now + KafkaLimits.leaderSlice < deadline else {
        throw error
      }
      isEmpty = false
      usleep(UInt32(KafkaLimits.leaderSlice.kafkaMilliseconds) * 1000)
    }
  }
}

/// The offset of the oldest record, and the offset the next one gets. The latter is the high watermark for a
/// client with `isolation.level=read_uncommitted`, and the last stable offset for one with `read_committed`.
public typealias Watermarks = (low: Int64, high: Int64)
