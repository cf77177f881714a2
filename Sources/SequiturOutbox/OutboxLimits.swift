import PartitionEngine

/// What a relay takes and waits for at most.
enum OutboxLimits {
  /// Rows of one batch. Their ids stand in one record, which must fit the topic.
  static let rowsMax = 5_000
  /// Bytes of one batch's payloads.
  static let payloadBytesMax = 8 << 20
  /// Bytes of the record with a batch's ids: below Kafka's default for `max.message.bytes`, 1,048,588.
  static let recordBytesMax = 700_000
  /// Shards of one relay, each with a connection, a producer and a thread.
  static let shardsMax = 64
  /// Between two tries to take the outbox over.
  static let backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
  /// One call to the broker, before it is made again.
  static let call = Duration.seconds(10)
  /// How long the broker keeps a dead relay's transaction open, where nobody takes it over.
  static let transaction = Duration.seconds(15)
  /// The same in the mode `tail`, where a transaction of the database may be large. Brokers allow 15 minutes by default.
  static let logTransaction = Duration.seconds(300)
  /// How long a transaction grows at most while more of the database's come.
  static let logBatch = Duration.milliseconds(100)
  /// How often the database is told what it may forget. It gives a relay up that says nothing for a minute
  /// (`wal_sender_timeout`).
  static let feedback = Duration.seconds(10)
  /// Of messages in the database's log that are commands.
  static let messagePrefix = "sequitur"
  /// How long a statement waits for a lock.
  static let lock = Duration.seconds(5)
  /// How long the database may be silent.
  static let response = Duration.seconds(60)
  /// How long a new topic may take to be seen.
  static let topicCreation = Duration.seconds(30)
  /// How often a relay asks whether it still has its name.
  static let confirmation = Duration.seconds(5)
  /// How long a relay that was fenced looks for the one that did it, before it takes its name back.
  static let claimPatience = Duration.seconds(10)
  /// Between two looks.
  static let claimInterval = Duration.milliseconds(500)
  /// Between two lines that say that the same trouble goes on.
  static let reminder = Duration.seconds(60)
  /// What a record takes besides key, value and headers: the batch's header, and numbers of variable length
  /// (Kafka's message format 2).
  static let recordOverheadBytes = 100
  /// What a header takes besides its name and value.
  static let headerOverheadBytes = 10
}
