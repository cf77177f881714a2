import CRdKafka
import Synchronization

/// What became of a record that was produced with a tag.
public struct DeliveryReport: Sendable {
  /// Whether a broker has a record (`rd_kafka_msg_status_t`).
  public enum Persistence: Sendable, Hashable {
    /// It was never sent, or was refused: no broker has it.
    case notPersisted
    /// It was sent, and nobody answered: a broker may have it.
    case possiblyPersisted
    /// It was acknowledged.
    case persisted
  }

  /// The tag given to `produce`, never 0.
  public let tag: UInt
  /// The partition the record went to, -1 when none was chosen.
  public let partition: Int32
  /// The record's offset, negative after an error.
  public let offset: Int64
  /// Whether a broker has it.
  public let persistence: Persistence
  /// Why the record was not delivered, nil when it was.
  public let error: KafkaError?
}

/// Receives the reports of tagged records.
///
/// It runs on whichever thread serves the producer's events: one in `poll`, `flush`, `commit`, `abort`, or in a
/// `produce` that waits for room. It must be quick and must not call the producer.
public typealias DeliveryObserver = @Sendable (DeliveryReport) -> Void

/// Keeps the first delivery error, before those of records that were given up because of another, and tells the observer
/// of tagged records.
final class DeliveryTracker: Sendable {
  private let observer: DeliveryObserver?
  private let firstError = Mutex<KafkaError?>(nil)

  init(observer: DeliveryObserver?) { self.observer = observer }

  /// The first error since the last call.
  func takeFirstError() -> KafkaError? {
    firstError.withLock { error in
      defer { error = nil }
      return error
    }
  }

  /// Called by librdkafka's delivery callback for tagged records and for all errors.
  func report(_ message: UnsafePointer<rd_kafka_message_t>) {
    let error = Self.error(of: message)
    if let error {
      firstError.withLock { first in
        if first == nil || first?.isPurge == true && !error.isPurge { first = error }
      }
    }
    guard let observer, let tag = message.pointee._private else { return }
    observer(
      DeliveryReport(
        tag: UInt(bitPattern: tag), partition: message.pointee.partition, offset: message.pointee.offset,
        persistence: DeliveryReport.Persistence(rd_kafka_message_status(message)), error: error))
  }

  private static func error(of message: UnsafePointer<rd_kafka_message_t>) -> KafkaError? {
    guard message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    let error = KafkaError(message.pointee.err, operation: KafkaError.delivering)
    guard let topic = message.pointee.rkt else { return error }
    return error.at(
      TopicPartition(topic: String(cString: rd_kafka_topic_name(topic)), partition: message.pointee.partition)
    )
  }
}

extension DeliveryReport.Persistence {
  init(_ status: rd_kafka_msg_status_t) {
    self =
      switch status {
      case RD_KAFKA_MSG_STATUS_PERSISTED: .persisted
      case RD_KAFKA_MSG_STATUS_NOT_PERSISTED: .notPersisted
      default: .possiblyPersisted
      }
  }
}

extension KafkaError {
  /// Whether a record was given up because of something else, which it says nothing of.
  var isPurge: Bool { code == .purgedFromQueue || code == .purgedInFlight }
}
