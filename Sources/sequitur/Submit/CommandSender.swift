import KafkaClient
import Logging
import TerminalView

/// Sends commands to the commands topic, and waits until all are acknowledged.
///
/// Thread rule: one thread. Blocks.
final class CommandSender {
  /// How long the broker may acknowledge nothing while records wait.
  static let silenceMax = Duration.seconds(30)

  private let producer: KafkaProducer
  private let topic: ProducerTopic
  private let ledger: DeliveryLedger

  init(
    to name: String, kafka: KafkaConfiguration, logger: Logger, ledger: DeliveryLedger
  ) throws(KafkaError) {
    let own: KafkaConfiguration = [
      "enable.idempotence": "true", "acks": "all", "partitioner": "murmur2_random", "linger.ms": "5",
      "message.max.bytes": "\(16 << 20)", "queue.buffering.max.kbytes": "\(256 << 10)",
    ]
    self.ledger = ledger
    producer = try KafkaProducer(
      configuration: own.merging(kafka), logger: logger, deliveryObserver: { ledger.record($0) })
    topic = try producer.topic(name)
  }

  /// Queues one command, and serves acknowledgements from time to time.
  ///
  /// - Parameters:
  ///   - partition: a number, or the partitioner's choice.
  ///   - line: by which the ledger names it.
  func send(
    to partition: Int32 = TopicPartition.unassigned, line: Int = 0, key: UnsafeRawBufferPointer?,
    value: UnsafeRawBufferPointer?, headers: consuming HeaderList
  ) throws(KafkaError) {
    let tag = ledger.begin(line: line, key: key)
    do throws(KafkaError) {
      try producer.produce(
        topic: topic, partition: partition, key: key, value: value, headers: headers, tag: tag)
    } catch {
      ledger.withdraw(tag)
      throw error
    }
    if tag % 256 == 0 { producer.poll() }
  }

  /// Serves acknowledgements, waiting for the first one up to the time-out.
  func poll(timeout: Duration = .zero) { producer.poll(timeout: timeout) }

  /// Waits until all commands are acknowledged.
  ///
  /// - Parameters:
  ///   - silenceMax: how long none may be.
  ///   - turn: called again and again meanwhile.
  /// - Throws: a `CommandFailure` when nothing comes for too long, or a command was refused; what `turn` throws.
  func flush(silenceMax: Duration = silenceMax, whileWaiting turn: () throws -> Void = {}) throws {
    var acknowledged = -1
    var deadline = ContinuousClock.now + silenceMax
    while producer.pendingCount > 0 {
      if ledger.acknowledged > acknowledged {
        acknowledged = ledger.acknowledged
        deadline = ContinuousClock.now + silenceMax
      }
      guard ContinuousClock.now < deadline else {
        throw CommandFailure(
          "Expected the broker to acknowledge all commands, but it acknowledged none for \(silenceMax).")
      }
      producer.poll(timeout: .milliseconds(20))
      try turn()
    }
    if let failure = ledger.firstFailure {
      throw CommandFailure("\(failure)." + (failure.cure.map { " \($0)" } ?? ""))
    }
  }
}
