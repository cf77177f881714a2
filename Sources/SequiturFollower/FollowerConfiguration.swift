import KafkaClient
import Logging
import PartitionEngine

/// What a ``Follower`` is told.
public struct FollowerConfiguration: Sendable {
  /// What it means to have caught up.
  public enum Goal: Sendable, Hashable {
    /// What was committed when the follower started: the stable end.
    case committed
    /// What was written when it started, also by transactions that were open: the high watermark. A transaction may be
    /// committed with its marker still missing in this topic (KAFKA-10167); this waits for it.
    case written
  }

  /// librdkafka's properties, `bootstrap.servers` among them.
  public var kafka: KafkaConfiguration
  /// What is followed.
  public var topic: FollowedTopic
  /// The partitions to follow; nil for all that the topic has at the start.
  public var partitions: [Int32]?
  /// By partition, where it begins when the sink has no position there; those left out begin with the topic's first
  /// record, and the topic must not have lost any.
  public var beginnings: [Int32: Int64] = [:]
  /// By partition: events of commands below are left out, since a state that the sink has covers them.
  public var ignoresBelow: [Int32: Int64] = [:]
  /// What counts as caught up; default what was committed.
  public var goal = Goal.committed
  /// Whether to end when every partition has caught up; each one stops there. Default false.
  public var stopsWhenCaughtUp = false
  /// The bytes that are held at most for one unit of a partition; a larger one is applied in parts. Default 16 MiB, as
  /// much as a worker writes in one transaction.
  public var heldBytesMax = 16 << 20
  /// How long nothing may come while there is something to read. Then a follower that stops when it has caught up ends
  /// with an error, and another one warns. Default 60 s.
  public var silenceMax = Duration.seconds(60)
  /// How often the committed end is asked for, so that the status says how far behind the sink is. Default 1 s.
  public var checkInterval = Duration.seconds(1)
  /// Where the follower and its clients log.
  public var logger: Logger

  /// - Parameter kafka: with `bootstrap.servers`.
  public init(kafka: KafkaConfiguration, topic: FollowedTopic, logger: Logger) {
    self.kafka = kafka
    self.topic = topic
    self.logger = logger
  }

  /// The reader's properties go over the user's: who reads uncommitted records, or skips some, follows nothing exactly.
  var reader: KafkaConfiguration {
    kafka.merging([
      "isolation.level": "read_committed", "enable.partition.eof": "true", "auto.offset.reset": "error",
    ])
  }
}

/// What a follower takes and waits for at most.
enum FollowLimits {
  /// A wait for records; a stop wakes it.
  static let wait = Duration.milliseconds(100)
  /// How long the broker may take to tell a committed end, while records may come.
  static let check = Duration.seconds(2)
  /// So many partitions' ends are asked for at most in one turn.
  static let checksPerTurn = 16
  /// How long nothing comes before the ends are asked again, to see what keeps records back.
  static let patience = Duration.seconds(1)
  /// How long an open transaction keeps records back before that is told: most are over sooner.
  static let transactionPatience = Duration.seconds(5)
  /// A request that only wakes librdkafka's fetching is given up after so long.
  static let wake = Duration.milliseconds(100)
  /// Fetching is woken only where so many records are still to come.
  static let wakeAtLeast = 10_000
  /// Between two warnings of the same thing.
  static let warningInterval = Duration.seconds(60)
  /// Whole units are handed over at the latest when they have so many bytes.
  static let batchBytes = 1 << 20
  /// So many times in turn more is taken first, at most.
  static let turnsGathered = 8
}

/// How far a follower is in one partition.
public struct FollowStatus: Sendable, Hashable {
  /// What the sink stands for; nil for nothing.
  public internal(set) var position: FollowPosition?
  /// Whether everything that was there at the start has been applied.
  public internal(set) var isCaughtUp: Bool
  /// Offsets up to what was there at the start, markers of transactions included.
  public internal(set) var remaining: Int64
  /// Records that were applied in this run.
  public internal(set) var records: Int
  /// Everything below this offset was read.
  public internal(set) var readTo: Int64
  /// Offsets between what was read and the committed end, as it was last asked for.
  public internal(set) var lag: Int64
  /// Whether the sink has all that was read, and is not in the middle of a unit.
  public internal(set) var isWhole: Bool
  /// A moment whose committed end the sink has been given since: it is behind by no more than the time since then. Nil
  /// before the first.
  public internal(set) var currentAt: ContinuousClock.Instant?
}

/// A follower cannot go on: where, and why.
public struct FollowFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// The followed topic.
  public let topic: String
  /// The partition's number.
  public let partition: Int32
  /// What was found.
  public let fault: FollowFault

  /// With the cure.
  public var description: String { "\(topic)/\(partition): \(fault)" }
}
