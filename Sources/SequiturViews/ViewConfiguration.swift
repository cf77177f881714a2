import KafkaClient
import Logging
import SequiturFollower

/// Where a view keeps its objects.
public enum ViewStorage: Sendable, Hashable {
  /// In memory, decoded: the fastest to read, and filled from the beginning at each start.
  case memory
  /// In a RocksDB directory, which this view alone has open: a start goes on where the last one ended.
  case directory(String)
}

/// How the partition of a key is found.
public enum ViewPlacement: Sendable, Hashable {
  /// As Kafka's Java client and `sequitur submit` choose it (`murmur2_random`).
  case murmur2
  /// By looking into each: for commands that are sent to partitions by another rule.
  case search
}

/// What an ``ObjectView`` is told.
public struct ViewConfiguration: Sendable {
  /// Whose changelog it shows.
  public var topic: FollowedTopic
  /// Where the objects are kept.
  public var storage: ViewStorage
  /// librdkafka's properties, `bootstrap.servers` among them.
  public var kafka: KafkaConfiguration
  /// The partitions to follow; nil for all that the topic has at the start.
  public var partitions: [Int32]?
  /// How the partition of a key is found. Default murmur2.
  public var placement = ViewPlacement.murmur2
  /// Bytes that the objects may take: in memory, their keys and encoded states with 128 bytes for each; of a directory, its
  /// caches. What a follower holds and what waits for listeners comes on top. Default 256 MiB, as a worker's.
  public var memoryBytesMax = 256 << 20
  /// Changes that wait for one listener before those of the same key are merged. Default 10,000.
  public var listenerChangesMax = 10_000
  /// Bytes of changes that wait for one listener; then it is ended with an error. Default 64 MiB.
  public var listenerBytesMax = 64 << 20
  /// For how long the changelog keeps the marks of deleted objects; nil asks the topic (`delete.retention.ms`), and takes
  /// Kafka's default, a day, where that may not be asked.
  public var tombstonesKept: Duration?
  /// Where the view and its clients log.
  public var logger: Logger

  /// - Parameter kafka: with `bootstrap.servers`.
  public init(of topic: FollowedTopic, storage: ViewStorage, kafka: KafkaConfiguration, logger: Logger) {
    self.topic = topic
    self.storage = storage
    self.kafka = kafka
    self.logger = logger
  }
}

/// What a view takes and waits for at most.
enum ViewLimits {
  /// What an object in memory takes besides its key and state.
  static let objectOverhead = 128
  /// Objects that a listener is given at once of those that exist.
  static let pageObjects = 256
  /// How often a partition may be read from the beginning without having been whole in between.
  static let rebuildsMax = 5
  /// Between two tries of a disk or a broker; it doubles up to the second.
  static let pauses = (first: Duration.milliseconds(200), last: Duration.seconds(10))
  /// Kafka's default of `delete.retention.ms`.
  static let tombstonesKept = Duration.seconds(86_400)
  /// How often at least it is written down that a partition was current, and what was written is flushed.
  static let currentNoted = Duration.seconds(60)
}
