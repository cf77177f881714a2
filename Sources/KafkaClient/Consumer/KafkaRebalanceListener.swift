/// Is told what a consumer's group gives it and takes from it.
///
/// All calls are made by the thread that serves the consumer's queue, inside ``KafkaConsumer/poll(timeout:)``,
/// ``KafkaConsumer/close(timeout:)``, or a batch taken from ``KafkaConsumer/mainQueue``. The group waits
/// meanwhile: a call that takes longer than `max.poll.interval.ms` costs the membership.
///
/// An implementer must have stopped all work on a partition when `partitionsRevoked` or `partitionsLost`
/// returns: the coordinator does not know who owns a partition, and accepts what comes later. It must not call
/// `poll`, `close` or `assign`, nor drop its last reference to the consumer.
///
/// With an eager assignor (`range`, `roundrobin`) each rebalance revokes everything and assigns anew; with
/// `cooperative-sticky` the calls name only what changes.
public protocol KafkaRebalanceListener: Sendable {
  /// Whether partitions are assigned paused: the consumer fetches nothing of one until the application has sought to where
  /// it begins and resumed it (``KafkaConsumer/begin(topic:partition:offset:timeout:)``). Default false.
  ///
  /// Then the client asks for no committed offsets. Otherwise it asks for those of all assigned partitions with one
  /// request, and fetches none of them while the offsets of a single one are pending in somebody's transaction (librdkafka
  /// 2.0.2: `rd_kafka_assignment_serve_pending`).
  var assignsPaused: Bool { get }

  /// Called before the consumer starts to fetch the partitions. Here, and without a gap only here, a partition's
  /// queue can be taken away from the main queue: call `consumer.partitionQueue(topic:partition:)`.
  func partitionsWillAssign(_ partitions: [TopicPartition], consumer: KafkaConsumer)

  /// Called when the consumer has been assigned the partitions; fetching has begun, or begins in the background.
  func partitionsAssigned(_ partitions: [TopicPartition])

  /// Called before the partitions are given back. They are still owned: a transaction may be committed here.
  func partitionsRevoked(_ partitions: [TopicPartition])

  /// Called instead of `partitionsRevoked` when the partitions are gone already, and others may own them.
  func partitionsLost(_ partitions: [TopicPartition])
}

extension KafkaRebalanceListener {
  /// False: what is assigned is fetched at once.
  public var assignsPaused: Bool { false }

  /// Takes no queue away.
  public func partitionsWillAssign(_ partitions: [TopicPartition], consumer: KafkaConsumer) {}
}
