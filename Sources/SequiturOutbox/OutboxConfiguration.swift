import KafkaClient
import Logging
import PartitionEngine

/// What an ``OutboxRelay`` is told.
public struct OutboxConfiguration: Sendable {
  /// How PostgreSQL is reached: a URL or a connection string of libpq's. It must lead to the primary.
  public var database: String
  /// The application that the commands are for; a part of transactional ids and of the outbox topic's name.
  public var applicationID: String
  /// The outbox's name, for an application with several. Of the characters of a topic's name. Default `outbox`.
  public var name = "outbox"
  /// Where the commands go; usually the application's commands topic.
  public var topic: String
  /// How rows are found. Default `poll`.
  public var mode = Mode.poll
  /// The replication slot's name in the mode `tail`; nil for `sequitur_<application id>_<name>`.
  public var slot: String?
  /// Whether to begin with a new slot at the end of the log, whatever was lost with the former one. Default false.
  public var makesNewSlot = false
  /// The table that rows come from.
  public var table = OutboxTable()
  /// Keys are spread over so many shards, each with a connection, a producer and a thread: 1 to 64. Default 2. It may be
  /// another number at each start.
  public var shards = 2
  /// Whether to end when there is no row. Default false.
  public var stopsWhenEmpty = false
  /// A channel of LISTEN on which new rows are rung for, besides being looked for; nil for none.
  public var bell: String?
  /// How often rows are looked for.
  public var pace = OutboxMachine.Pace()
  /// librdkafka's properties, `bootstrap.servers` among them.
  public var kafka: KafkaConfiguration
  /// Where the relay and its clients log.
  public var logger: Logger

  /// How rows are found.
  public enum Mode: String, Sendable, CaseIterable {
    /// They are selected from the table, and deleted.
    case poll
    /// They are read from the database's log, and stay in the table. Messages in the log are commands too.
    case tail
  }

  /// A relay from a database to a topic.
  public init(
    database: String, applicationID: String, topic: String, kafka: KafkaConfiguration, logger: Logger
  ) {
    self.database = database
    self.applicationID = applicationID
    self.topic = topic
    self.kafka = kafka
    self.logger = logger
  }

  /// The properties of a producer with the given transactional id: the relay's own over the user's.
  func producer(_ transactionalID: String) -> KafkaConfiguration {
    kafka.merging([
      "transactional.id": transactionalID, "partitioner": "murmur2_random", "acks": "all",
      "transaction.timeout.ms": "\(OutboxLimits.transaction.milliseconds)",
    ])
  }

  /// `<application id>-outbox-<name>`: the relay's own; each shard's has `-<shard>` behind it.
  var transactionalID: String { "\(applicationID)-outbox-\(name)" }
}

/// What a relay has done so far.
public struct OutboxFigures: Sendable, Hashable {
  /// Rows that are on the topic.
  public var sent = 0
  /// Rows that were parked.
  public var parked = 0
  /// Kafka transactions that were committed.
  public var transactions = 0
  /// Rows that a predecessor had sent, and that were deleted at the start.
  public var recovered = 0
}
