import KafkaClient
import Logging

/// The two transactional producers of a shard, or of the log, which take turns: one transaction each.
///
/// A broker that has answered a commit still writes its markers for some milliseconds, and refuses the same producer's next
/// transaction meanwhile (CONCURRENT_TRANSACTIONS); librdkafka 2.0.2 then waits for 20 ms, a multiple of what all of a
/// transaction takes. The other producer need not wait. The transactions are still one behind the other: the next one begins
/// once the commit of the one before was answered, so that all its records stand behind those.
///
/// One thread's.
final class TurnProducers {
  /// One of the two, with the topics that it writes to.
  struct Connection {
    let producer: TransactionalProducer
    let commands: ProducerTopic
    let outbox: ProducerTopic
  }

  private let connections: [Connection]
  private var turn = 0

  /// Connects in the background.
  /// - Parameters:
  ///   - transactionalID: of the first one; the other one's has `/2` behind it, which no outbox's name can have.
  ///   - transaction: how long the broker lets a transaction be open.
  ///   - refusals: learns of rows that brokers refuse.
  init(
    _ configuration: OutboxConfiguration, transactionalID: String, outboxTopic: String, recordBytesMax: Int,
    transaction: Duration, _ refusals: Refusals
  ) throws(KafkaError) {
    var connections: [Connection] = []
    for id in [transactionalID, "\(transactionalID)/2"] {
      let properties = configuration.producer(id).merging([
        "message.max.bytes": "\(max(recordBytesMax, 1_000_000))",
        "batch.size": "\(min(max(recordBytesMax, 1), 1_000_000))",
        "transaction.timeout.ms": "\(transaction.milliseconds)",
      ])
      let producer = try TransactionalProducer(
        configuration: properties, logger: configuration.logger, deliveryObserver: { refusals.record($0) })
      connections.append(
        Connection(
          producer: producer, commands: try producer.topic(configuration.topic),
          outbox: try producer.topic(outboxTopic)))
    }
    self.connections = connections
  }

  /// Initialises the transactions of both: fences those before, and settles what they left. Blocks.
  func takeOver() throws(KafkaError) {
    for connection in connections { try connection.producer.initTransactions(timeout: OutboxLimits.call) }
  }

  /// The one for the next transaction.
  func next() -> Connection {
    turn = 1 - turn
    return connections[turn]
  }
}
