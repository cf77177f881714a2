import CRdKafka
import Synchronization

/// The partitions that a consumer without a group reads.
///
/// `rd_kafka_assign` wants a group id, and a client with one asks for the group's coordinator, which needs a right on the
/// group that a reader has no use for. librdkafka's older functions need none.
final class PlainReading: Sendable {
  private struct Started {
    let partition: TopicPartition
    let topic: SharedPointer
  }

  private let handle: KafkaHandle
  private let started = Mutex<[Started]>([])

  init(_ handle: KafkaHandle) { self.handle = handle }

  /// Topics must be given back before their client is destroyed.
  deinit { started.withLock { Self.stop(&$0) } }

  var partitions: [TopicPartition] { started.withLock { $0.map(\.partition) } }

  /// Ends all reading, and begins with these positions. What was fetched before is dropped.
  /// - Throws: `invalidArgument` for an impossible offset, `unknownPartition` for a negative partition.
  func start(_ positions: [TopicPartitionOffset], into queue: KafkaQueue) throws(KafkaError) {
    let result = started.withLock { started -> Result<Void, KafkaError> in
      Self.stop(&started)
      for position in positions {
        do throws(KafkaError) {
          started.append(try Self.start(position, handle, queue))
        } catch {
          return .failure(error)
        }
      }
      return .success(())
    }
    try result.get()
  }

  private static func start(
    _ position: TopicPartitionOffset, _ handle: KafkaHandle, _ queue: KafkaQueue
  ) throws(KafkaError) -> Started {
    let operation = "read a partition"
    guard let topic = rd_kafka_topic_new(handle.raw, position.topic, nil) else {
      throw KafkaError(rd_kafka_last_error(), operation: operation).at(position.topicPartition)
    }
    let code = rd_kafka_consume_start_queue(topic, position.partition, position.offset, queue.raw)
    guard code == 0 else {
      let error = KafkaError(rd_kafka_last_error(), operation: operation)
      rd_kafka_topic_destroy(topic)
      throw error.at(position.topicPartition, offset: position.offset)
    }
    return Started(partition: position.topicPartition, topic: SharedPointer(raw: topic))
  }

  private static func stop(_ started: inout [Started]) {
    for one in started {
      rd_kafka_consume_stop(one.topic.raw, one.partition.partition)
      rd_kafka_topic_destroy(one.topic.raw)
    }
    started.removeAll()
  }
}
