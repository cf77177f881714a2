import CRdKafka
import Logging

/// A cluster inside this process that speaks Kafka over TCP on the loopback interface: nothing to install, and
/// errors and delays can be scripted (`rd_kafka_mock_cluster_t`).
///
/// For quickstarts and tests. It keeps about 5 MB a partition and nothing on disk. It **does not** isolate or
/// fence transactions, forgets the offsets sent to them, and knows no admin calls: a test of those proves nothing.
///
/// Any thread may call any method (rdkafka_mock.h functions take the cluster's lock or its own thread's queue).
/// Dropping it closes all connections; clients then see brokers that are down.
public final class EmbeddedBroker: Sendable {
  private let pointer: SharedPointer
  private let handle: KafkaHandle

  /// Where clients connect to: the value for `bootstrap.servers`.
  public let bootstrapServers: String

  /// Starts a number of brokers, with ids from 1.
  /// - Throws: `failure` when no sockets can be had.
  public init(brokers: Int = 1, logger: Logger = Logger(label: "kafka.embedded")) throws(KafkaError) {
    // The cluster is a part of a client, which needs no broker of its own. Its threads must outlive the cluster.
    handle = try KafkaHandle(
      RD_KAFKA_PRODUCER, configuration: ["log_level": "3"], context: ClientContext(logger: logger))
    guard let raw = rd_kafka_mock_cluster_new(handle.raw, Int32(clamping: brokers)) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, operation: "start an embedded broker")
    }
    pointer = SharedPointer(raw: raw)
    bootstrapServers = String(cString: rd_kafka_mock_cluster_bootstraps(raw))
    answerAtOnce()
  }

  deinit { rd_kafka_mock_cluster_destroy(pointer.raw) }

  /// Creates a topic; topics clients ask for are otherwise made with 4 partitions.
  /// - Throws: `topicAlreadyExists`, or `invalidArgument` for an impossible shape.
  public func createTopic(_ name: String, partitions: Int, replicationFactor: Int = 1) throws(KafkaError) {
    let code = rd_kafka_mock_topic_create(
      pointer.raw, name, Int32(clamping: partitions), Int32(clamping: replicationFactor))
    try check(code, "create the topic \(name) on the embedded broker")
  }

  /// The next requests of a kind are answered with these errors, one each; `noError` lets one pass
  /// (`rd_kafka_mock_push_request_errors_array`).
  public func pushRequestErrors(_ errors: [KafkaError.Code], for request: Request) {
    let raw = errors.map(\.raw)
    rd_kafka_mock_push_request_errors_array(pointer.raw, request.rawValue, raw.count, raw)
  }

  /// Forgets the errors that were pushed for a kind of request and not used.
  public func clearRequestErrors(for request: Request) {
    rd_kafka_mock_clear_request_errors(pointer.raw, request.rawValue)
  }

  /// One broker answers its next request of a kind late, and with an error unless `noError`.
  /// - Throws: an error for a broker that does not exist.
  public func delayNext(
    _ request: Request, broker: Int32 = 1, by delay: Duration, error: KafkaError.Code = .noError
  ) throws(KafkaError) {
    let code = kafka_shim_mock_delay(
      pointer.raw, broker, request.rawValue, error.raw, delay.kafkaMilliseconds)
    try check(code, "delay an answer of the embedded broker")
  }

  /// Answers everything about a topic with an error; `noError` ends it (`rd_kafka_mock_topic_set_error`).
  public func setError(_ error: KafkaError.Code, topic: String) {
    rd_kafka_mock_topic_set_error(pointer.raw, topic, error.raw)
  }

  /// Who coordinates what: a group, or the transactions of an id.
  public enum Coordinated: Sendable, Hashable {
    /// A consumer group, by its `group.id`.
    case group(String)
    /// A `transactional.id`.
    case transaction(String)
  }

  /// Moves a coordinator to another broker; the one before answers `notCoordinator` from now on
  /// (`rd_kafka_mock_coordinator_set`).
  /// - Throws: an error for a broker that does not exist.
  public func moveCoordinator(_ coordinated: Coordinated, to broker: Int32) throws(KafkaError) {
    let (kind, key) =
      switch coordinated {
      case .group(let name): ("group", name)
      case .transaction(let id): ("transaction", id)
      }
    let code = rd_kafka_mock_coordinator_set(pointer.raw, kind, key, broker)
    try check(code, "move a coordinator of the embedded broker")
  }

  /// Closes a broker's connections and refuses new ones (`rd_kafka_mock_broker_set_down`).
  /// - Throws: an error for a broker that does not exist.
  public func setDown(broker: Int32 = 1) throws(KafkaError) {
    try check(rd_kafka_mock_broker_set_down(pointer.raw, broker), "take the embedded broker down")
  }

  /// Lets a broker be reached again (`rd_kafka_mock_broker_set_up`).
  /// - Throws: an error for a broker that does not exist.
  public func setUp(broker: Int32 = 1) throws(KafkaError) {
    try check(rd_kafka_mock_broker_set_up(pointer.raw, broker), "bring the embedded broker up")
  }

  /// Delays all of a broker's answers, as a slow network does (`rd_kafka_mock_broker_set_rtt`).
  /// - Throws: an error for a broker that does not exist.
  public func setRoundTripTime(broker: Int32 = 1, _ time: Duration) throws(KafkaError) {
    let code = rd_kafka_mock_broker_set_rtt(pointer.raw, broker, time.kafkaMilliseconds)
    try check(code, "slow the embedded broker down")
  }
}
