import CRdKafka

/// A topic of one producer: saves the look-up by name for each record. Keeps its client alive.
///
/// Owner of one `rd_kafka_topic_t`. Any thread may use it.
public final class ProducerTopic: Sendable {
  private let pointer: SharedPointer
  let handle: KafkaHandle
  /// The topic's name.
  public let name: String

  var raw: OpaquePointer { pointer.raw }

  /// Opens the topic with the producer's own topic properties (`rd_kafka_topic_new`); the cluster is not asked.
  init(_ name: String, of handle: KafkaHandle) throws(KafkaError) {
    guard let raw = rd_kafka_topic_new(handle.raw, name, nil) else {
      var error = KafkaError(rd_kafka_last_error(), operation: "open a topic for producing")
      error.topic = name
      throw error
    }
    pointer = SharedPointer(raw: raw)
    self.handle = handle
    self.name = name
  }

  deinit { rd_kafka_topic_destroy(raw) }
}
