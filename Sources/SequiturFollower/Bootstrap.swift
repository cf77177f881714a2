import BlockingThreads
import KafkaClient
import Logging
import PartitionEngine
import SequiturTopics
import Synchronization

/// The state of every object, and then every later event, each exactly once: how a newcomer begins when the events are
/// gone.
///
/// 1. It asks where the valid topic's committed events end now: E.
/// 2. It follows the changelog, partition by partition, up to its high watermark, and stops at a checkpoint. The
///    checkpoint's position is P: the states cover exactly the commands below P.
/// 3. It follows the valid topic from E and leaves out the events of commands below P.
///
/// Nothing is missing: an event before E was committed before the high watermark was asked, so that its transaction's states
/// lie below it, even where its marker is still missing on the changelog (KAFKA-10167). Nothing comes twice: an event names
/// its command, and P tells which commands the states cover.
///
/// Memory: the objects of one partition at a time.
public struct Bootstrap: Sendable {
  /// Where the events go on, by partition.
  public struct Continuation: Sendable, Hashable {
    /// The next command that the states do not cover: P.
    public var covered: [Int32: Int64]
    /// The offset on the valid topic from which to read: E.
    public var offsets: [Int32: Int64]

    /// What an earlier run has told.
    public init(covered: [Int32: Int64], offsets: [Int32: Int64]) {
      self.covered = covered
      self.offsets = offsets
    }
  }

  /// Takes an object's state; each key comes once. Called on a thread that may block.
  public typealias StateOutput =
    @Sendable (_ key: ArraySlice<UInt8>, _ version: UInt64, _ value: ArraySlice<UInt8>) throws -> Void

  private let kafka: KafkaConfiguration
  private let topics: TopicNames
  private let applicationID: String
  private let logger: Logger

  /// - Parameters:
  ///   - topics: the application's; of them the changelog and the valid topic are read.
  ///   - kafka: librdkafka's properties, `bootstrap.servers` among them.
  public init(
    of applicationID: String, topics: TopicNames, kafka: KafkaConfiguration, logger: Logger
  ) {
    self.applicationID = applicationID
    self.topics = topics
    self.kafka = kafka
    self.logger = logger
  }

  /// Gives all states, and says where the events go on.
  ///
  /// - Throws: ``FollowFailure``; `TopicFault` and `KafkaError` for what cannot be read; `CancellationError`; what the output
  ///   throws.
  public func states(_ output: @escaping StateOutput) async throws -> Continuation {
    let ends = try await eventEnds()
    var covered: [Int32: Int64] = [:]
    for partition in ends.keys.sorted() {
      let table = StateTable()
      var configuration = FollowerConfiguration(
        kafka: kafka, topic: .changelog(topics, of: applicationID), logger: logger)
      configuration.partitions = [partition]
      configuration.goal = .written
      configuration.stopsWhenCaughtUp = true
      try await Follower(configuration: configuration, sink: table).run()
      // A cancelled follower ends without an error, and what it read is not all.
      try Task.checkCancellation()
      try await withBlockingThread("bootstrap", throwing: { try table.forEach(output) })
      covered[partition] = table.position(of: partition)?.command ?? 0
    }
    return Continuation(covered: covered, offsets: ends)
  }

  /// A follower of the events behind the states.
  ///
  /// - Parameters:
  ///   - sink: where it stands in a partition goes over the continuation.
  ///   - stopsWhenCaughtUp: ends at what is committed when it starts.
  public func events(
    from continuation: Continuation, to sink: any FollowSink, stopsWhenCaughtUp: Bool
  ) -> Follower {
    var configuration = FollowerConfiguration(
      kafka: kafka, topic: .events(topics, of: applicationID), logger: logger)
    configuration.partitions = continuation.offsets.keys.sorted()
    configuration.beginnings = continuation.offsets
    configuration.ignoresBelow = continuation.covered
    configuration.stopsWhenCaughtUp = stopsWhenCaughtUp
    return Follower(configuration: configuration, sink: sink)
  }

  /// Where the committed events of each partition end.
  private func eventEnds() async throws -> [Int32: Int64] {
    let (kafka, topics, logger) = (kafka, topics, logger)
    return try await withBlockingThread(
      "bootstrap",
      throwing: { () throws -> [Int32: Int64] in
        let counts = try [topics.valid, topics.changelog].map { name in
          let topic = try TopicLookUp.metadata(name, kafka: kafka, logger: logger).topic(name)
          return (name, topic?.partitions.count ?? 0)
        }
        guard counts[0].1 == counts[1].1 else {
          throw TopicFault.partitionCounts(
            counts,
            cure: "They are not of one application: name its topics, --valid-topic and --changelog-topic.")
        }
        let own: KafkaConfiguration = ["isolation.level": "read_committed"]
        let reader = try KafkaConsumer(configuration: kafka.merging(own), logger: logger)
        var ends: [Int32: Int64] = [:]
        for partition in 0..<Int32(counts[0].1) {
          ends[partition] = try reader.watermarks(
            topic: topics.valid, partition: partition, timeout: KafkaLimits.call
          ).high
        }
        return ends
      })
  }
}

/// Collects the last state of each key of a partition: a state is known to be the last only at the end.
private final class StateTable: FollowSink {
  private struct Object {
    let version: UInt64
    let value: [UInt8]
  }

  private struct Table {
    var objects: [[UInt8]: Object] = [:]
    var position: FollowPosition?
  }

  private let table = Mutex(Table())

  func position(of partition: Int32) -> FollowPosition? { table.withLock { $0.position } }

  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) -> FollowVerdict {
    table.withLock { table in
      for index in 0..<batch.count {
        let record = batch[index]
        table.objects[Array(record.key)] = record.value.map { value in
          Object(version: record.version ?? 0, value: Array(value))
        }
      }
      if let new { table.position = new }
    }
    return .applied
  }

  func forEach(_ output: Bootstrap.StateOutput) throws {
    for (key, object) in table.withLock({ $0.objects }) {
      try output(key[...], object.version, object.value[...])
    }
  }
}
