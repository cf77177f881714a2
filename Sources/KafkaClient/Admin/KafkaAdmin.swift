import CRdKafka
import Logging

/// Makes, changes, describes and deletes topics, records and group offsets; answers questions about the cluster.
///
/// **Thread rule.** Any thread may call any method; all block up to their time-out, so not in Swift's cooperative
/// pool. A result that concerns one topic or partition is that one's error, not the call's.
///
/// It is a client of its own with `isolation.level=read_uncommitted`, so that watermarks are high watermarks; of
/// the configuration, group properties are left out. Wraps `rd_kafka_t` and the Admin API of rdkafka.h.
public final class KafkaAdmin: Sendable {
  let handle: KafkaHandle

  /// Makes a client; connects in the background.
  /// - Throws: `invalidArgument` for a property that is refused.
  public init(configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
    var configuration = configuration
    configuration["group.id"] = nil
    configuration["group.instance.id"] = nil
    configuration["isolation.level"] = "read_uncommitted"
    handle = try KafkaHandle(
      RD_KAFKA_CONSUMER, configuration: configuration, context: ClientContext(logger: logger))
  }

  /// What the cluster knows of a topic, or of all with nil: partitions, leaders, brokers (`rd_kafka_metadata`).
  /// - Throws: `timedOut`, `transport`. A topic that does not exist comes with its own error.
  public func metadata(topic: String? = nil, timeout: Duration) throws(KafkaError) -> ClusterMetadata {
    try ClusterMetadata(of: handle, topic: topic, timeout: timeout)
  }

  /// The cluster's id, nil when no broker told it in time (`rd_kafka_clusterid`).
  public func clusterID(timeout: Duration) -> String? { handle.clusterID(timeout: timeout) }

  /// The broker that carries out admin calls, nil when the cluster named none in time (`rd_kafka_controllerid`).
  ///
  /// Known at once after ``metadata(topic:timeout:)`` of all topics. When it is none of the cluster's brokers,
  /// admin calls wait in vain: the embedded broker names 0, and its brokers begin with 1.
  public func controllerID(timeout: Duration) -> Int32? {
    let id = rd_kafka_controllerid(handle.raw, timeout.kafkaMilliseconds)
    return id < 0 ? nil : id
  }

  /// The offset of the oldest record and the high watermark, records of open transactions included
  /// (`rd_kafka_query_watermark_offsets`). A partition without a leader is waited for.
  /// - Throws: `timedOut`, `notLeaderForPartition`, `unknownPartition`, `unknownTopicOrPartition`, `transport`.
  public func watermarks(
    topic: String, partition: Int32, timeout: Duration
  ) throws(KafkaError) -> Watermarks {
    try handle.watermarks(topic: topic, partition: partition, timeout: timeout)
  }

  /// Runs one Admin API call: starts it with options and a queue, waits for its event, and reads that.
  func perform<R>(
    _ operation: String, timeout: Duration,
    start: (_ options: OpaquePointer, _ queue: OpaquePointer) -> Void,
    read: (_ event: OpaquePointer) throws(KafkaError) -> R
  ) throws(KafkaError) -> R {
    let options: OpaquePointer = rd_kafka_AdminOptions_new(handle.raw, RD_KAFKA_ADMIN_OP_ANY)
    defer { rd_kafka_AdminOptions_destroy(options) }
    let text = KafkaError.withErrorText {
      // The time-out for the request, not the broker's "operation time-out": results come when it is done.
      _ = rd_kafka_AdminOptions_set_request_timeout(options, max(1, timeout.kafkaMilliseconds), $0, $1)
    }
    guard text.isEmpty else {
      throw KafkaError(code: .invalidArgument, operation: operation, detail: text)
    }
    let queue: OpaquePointer = rd_kafka_queue_new(handle.raw)
    defer { rd_kafka_queue_destroy(queue) }
    start(options, queue)
    let wait = timeout + KafkaLimits.adminGrace
    guard let event = rd_kafka_queue_poll(queue, wait.kafkaMilliseconds) else {
      throw handle.explained(KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: operation))
    }
    defer { rd_kafka_event_destroy(event) }
    let code = rd_kafka_event_error(event)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw handle.explained(
        KafkaError(code, operation: operation, detail: String(cString: rd_kafka_event_error_string(event))))
    }
    return try read(event)
  }
}
