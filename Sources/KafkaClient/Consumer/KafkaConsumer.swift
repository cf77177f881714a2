import CRdKafka
import Logging

/// A consumer: a member of a group, or a plain reader of partitions it assigns itself.
///
/// **Thread rule.** Any thread may call any method; one thread should call ``poll(timeout:)``, at least every
/// `max.poll.interval.ms`, also when all records are taken from partition queues: rebalances happen inside it.
/// Methods with a time-out block and belong on a thread of their own, not in Swift's cooperative pool.
///
/// **Defaults that differ from librdkafka's**: `enable.auto.commit=false`, `enable.auto.offset.store=false`.
/// Without `group.id` the consumer is a plain reader: `assign` works, `subscribe` throws, and no group is asked for, so
/// that no right on one is needed.
///
/// **End.** Call ``close(timeout:)`` to leave the group. A consumer that is only dropped is destroyed without
/// rebalance callbacks, and its group waits for `session.timeout.ms`.
///
/// Wraps `rd_kafka_t` of type `RD_KAFKA_CONSUMER`.
public final class KafkaConsumer: Sendable {
  let handle: KafkaHandle
  let dispatcher: RebalanceDispatcher
  let closing = ClosingQueue()
  /// What a plain reader reads; nil for a group's member.
  let reading: PlainReading?

  /// The queue all messages and events go to that have no other: ``poll(timeout:)`` serves it. Records can be
  /// taken from it in batches as well, with the same effect as polling (`rd_kafka_queue_get_consumer`).
  public let mainQueue: KafkaQueue

  /// Makes a consumer; connects in the background. The configuration's `group.id` makes it a group's member.
  ///
  /// - Parameters:
  ///   - configuration: librdkafka's properties.
  ///   - logger: where the client logs.
  ///   - rebalanceListener: told of what the group hands out and takes back; nil: nobody is.
  ///   - fetchGate: holds the consumer back when it fetches too fast; nil: nothing does.
  ///   - statistics: told the client's statistics each `statistics.interval.ms`, from ``poll(timeout:)``; nil: nobody is.
  /// - Throws: `invalidArgument` for a property that is refused, named in the error.
  public init(
    configuration: KafkaConfiguration, logger: Logger,
    rebalanceListener: (any KafkaRebalanceListener)? = nil, fetchGate: FetchGate? = nil,
    statistics: StatisticsObserver? = nil
  ) throws(KafkaError) {
    dispatcher = RebalanceDispatcher(
      listener: rebalanceListener, strategies: configuration["partition.assignment.strategy"], logger: logger)
    let isGroupMember = configuration["group.id"] != nil
    let handle = try KafkaHandle(
      RD_KAFKA_CONSUMER, configuration: configuration.defaulting(to: Self.defaults),
      context: ClientContext(
        logger: logger, rebalance: dispatcher, fetchGate: fetchGate, statistics: statistics))
    self.handle = handle
    reading = isGroupMember ? nil : PlainReading(handle)
    mainQueue = isGroupMember ? try Self.memberQueue(handle) : Self.readerQueue(handle)
    dispatcher.attach(self)
  }

  /// One queue for everything: `poll` then also serves what is not a message.
  private static func memberQueue(_ handle: KafkaHandle) throws(KafkaError) -> KafkaQueue {
    try check(rd_kafka_poll_set_consumer(handle.raw), "serve the consumer's events by its main queue")
    guard let queue = rd_kafka_queue_get_consumer(handle.raw) else {
      throw KafkaError(
        RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, operation: "open the consumer's main queue", detail: "it has none")
    }
    return KafkaQueue(owning: queue, of: handle)
  }

  /// The client's own queue, to which what is read is sent as well.
  private static func readerQueue(_ handle: KafkaHandle) -> KafkaQueue {
    KafkaQueue(owning: rd_kafka_queue_get_main(handle.raw), of: handle)
  }

  private static let defaults: KafkaConfiguration = [
    "enable.auto.commit": "false",
    "enable.auto.offset.store": "false",
  ]

  /// Joins the group for the topics; a name that begins with `^` is a regular expression. Returns at once, the
  /// partitions come to the rebalance listener (`rd_kafka_subscribe`).
  /// - Throws: `notConfigured` without `group.id`, `invalidArgument` for an unusable name, a fatal error.
  public func subscribe(_ topics: [String]) throws(KafkaError) {
    guard reading == nil else {
      throw KafkaError(
        code: .notConfigured, operation: "subscribe to topics", detail: "the property group.id is not set")
    }
    let list = TopicPartitionList(topics: topics)
    try check(rd_kafka_subscribe(handle.raw, list.raw), "subscribe to topics")
  }

  /// Leaves the group in the background; the listener is told what is revoked (`rd_kafka_unsubscribe`).
  /// - Throws: an error of the client, such as a fatal one.
  public func unsubscribe() throws(KafkaError) {
    try check(rd_kafka_unsubscribe(handle.raw), "unsubscribe from topics")
  }

  /// Blocks until there is an event on the main queue or the time-out is over, and serves it
  /// (`rd_kafka_consumer_poll`). Rebalance listeners run inside, on this thread.
  ///
  /// - Returns: an error of the consumer, such as `maxPollExceeded`, or nil. Most pass by themselves: see
  ///   ``KafkaError/isFatal``. A record that arrives here, since its partition's queue was not taken away from
  ///   the main queue, is not lost silently: the error `state` gives its topic, partition and offset to seek to.
  ///   A consumer that wants records from its main queue takes batches from ``mainQueue`` instead.
  public func poll(timeout: Duration) -> KafkaError? {
    if let error = dispatcher.takeError() { return error }
    let wait = timeout.kafkaMilliseconds
    let next =
      reading == nil ? rd_kafka_consumer_poll(handle.raw, wait) : rd_kafka_consume_queue(mainQueue.raw, wait)
    guard let message = next else { return dispatcher.takeError() }
    defer { rd_kafka_message_destroy(message) }
    return strayError(message.pointee) ?? Self.error(of: message)
  }

  /// Ends the wait of a thread in ``poll(timeout:)``, or the next one at once.
  public func wake() { mainQueue.wake() }

  /// A queue of the application's own, to which others can be forwarded (`rd_kafka_queue_new`).
  public func makeQueue() -> KafkaQueue { KafkaQueue(owning: rd_kafka_queue_new(handle.raw), of: handle) }

  /// A partition's own queue, taken away from the main queue at once: what arrives from now on stays here until
  /// ``KafkaQueue/forward(to:)`` sends it elsewhere.
  ///
  /// Works before and after the partition is assigned, and holds across reassignments; forward it to
  /// ``mainQueue`` to undo it. Taken in ``KafkaRebalanceListener/partitionsWillAssign(_:consumer:)`` or before
  /// `assign`, no record can slip by (`rd_kafka_queue_get_partition`).
  /// - Throws: `unknownPartition` when librdkafka has no queue for it.
  public func partitionQueue(topic: String, partition: Int32) throws(KafkaError) -> KafkaQueue {
    guard let raw = rd_kafka_queue_get_partition(handle.raw, topic, partition) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, operation: "open a partition's queue")
        .at(TopicPartition(topic: topic, partition: partition))
    }
    let queue = KafkaQueue(owning: raw, of: handle)
    queue.forward(to: nil)
    return queue
  }

  /// The error that ended the consumer, nil while it is alive (`rd_kafka_fatal_error`).
  public var fatalError: KafkaError? { handle.fatalError }

  private func strayError(_ message: rd_kafka_message_t) -> KafkaError? {
    guard message.err == RD_KAFKA_RESP_ERR_NO_ERROR, let topic = message.rkt else { return nil }
    return KafkaError(
      code: .state, operation: "take records from their partition's queue",
      detail: "a record came through the main queue and was dropped; seek to its offset to read it again",
      topic: String(cString: rd_kafka_topic_name(topic)), partition: message.partition, offset: message.offset
    )
  }

  private static func error(of message: UnsafePointer<rd_kafka_message_t>) -> KafkaError? {
    let code = message.pointee.err
    guard code != RD_KAFKA_RESP_ERR__PARTITION_EOF else { return nil }
    let detail = rd_kafka_message_errstr(message).map { String(cString: $0) }
    let error = KafkaError(code, operation: KafkaError.consuming, detail: detail)
    guard let topic = message.pointee.rkt else { return error }
    return error.at(
      TopicPartition(topic: String(cString: rd_kafka_topic_name(topic)), partition: message.pointee.partition)
    )
  }
}
