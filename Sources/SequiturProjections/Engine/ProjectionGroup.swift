import BlockingThreads
import KafkaClient
import Logging
import Synchronization

/// The membership in the consumer group. It fetches nothing.
///
/// A partition that is taken away is let go in the background: the fence in the database keeps what is still under way from
/// doing harm, so that nobody waits for it.
final class ProjectionGroup: Sendable {
  enum Change: Sendable {
    case assigned(Set<Int32>)
    case revoked
    /// What was serving an assignment has ended by itself.
    case lanesEnded(assignment: Int)
  }

  /// What the group hands out, in order; ends with ``end()``.
  let changes: AsyncThrowingStream<Change, any Error>
  private let continuation: AsyncThrowingStream<Change, any Error>.Continuation
  private let consumer: KafkaConsumer
  private let topic: String
  private let isLeaving = Mutex(false)
  private let thread = Mutex<BlockingThread?>(nil)
  private let offsets = Mutex<[Int32: Int64]>([:])
  private let logger: Logger

  /// Joins the group.
  init(_ configuration: ProjectorConfiguration) throws {
    (changes, continuation) = AsyncThrowingStream.makeStream()
    topic = configuration.topics.valid
    logger = configuration.logger
    var own: KafkaConfiguration = [
      "group.id": configuration.groupID, "enable.auto.commit": "false",
      "enable.auto.offset.store": "false", "partition.assignment.strategy": "range",
      "auto.offset.reset": "latest",
    ]
    if let instance = configuration.instanceID {
      own = own.merging(["group.instance.id": "\(configuration.groupID)-\(instance)"])
    }
    let listener = Listener(continuation)
    consumer = try KafkaConsumer(
      configuration: Self.defaults.merging(configuration.kafka).merging(own), logger: configuration.logger,
      rebalanceListener: listener)
    try consumer.subscribe([topic])
    let poll = Poll(self)
    let made = BlockingThread(name: "projection group") { poll.run() }
    thread.withLock { $0 = made }
  }

  /// What the user's properties go over: how long an instance that was killed keeps its partitions.
  private static let defaults: KafkaConfiguration = [
    "session.timeout.ms": "15000", "heartbeat.interval.ms": "3000",
  ]

  func tell(_ change: Change) { continuation.yield(change) }

  /// Ends the changes.
  func end() { continuation.finish() }

  /// Leaves, and returns when that is done: a dynamic member's partitions are free at once then.
  func leave() async {
    isLeaving.withLock { $0 = true }
    consumer.wake()
    await thread.withLock { $0 }?.join()
  }

  /// Notes how far a partition is, for tools that show the group's lag.
  func note(_ partition: Int32, offset: Int64) { offsets.withLock { $0[partition] = offset } }

  /// Polls until it leaves.
  private struct Poll: Sendable {
    let group: ProjectionGroup
    init(_ group: ProjectionGroup) { self.group = group }

    func run() {
      var committed = ContinuousClock.now
      while !group.isLeaving.withLock({ $0 }) {
        if let error = group.consumer.poll(timeout: .milliseconds(200)) {
          if error.isFatal {
            group.continuation.finish(throwing: error)
            break
          }
          group.logger.warning("the group has trouble", metadata: ["error": "\(error)"])
        }
        if ContinuousClock.now - committed > ProjectionLimits.offsetCommits {
          committed = .now
          commit()
        }
      }
      commit()
      try? group.consumer.close(timeout: .seconds(10))
    }

    private func commit() {
      let offsets = group.offsets.withLock { offsets in
        defer { offsets = [:] }
        return offsets
      }
      try? group.consumer.commitInBackground(
        offsets.map { TopicPartitionOffset(topic: group.topic, partition: $0.key, offset: $0.value) })
    }
  }

  private final class Listener: KafkaRebalanceListener {
    private let continuation: AsyncThrowingStream<Change, any Error>.Continuation
    init(_ continuation: AsyncThrowingStream<Change, any Error>.Continuation) {
      self.continuation = continuation
    }

    var assignsPaused: Bool { true }
    func partitionsAssigned(_ partitions: [TopicPartition]) {
      continuation.yield(.assigned(Set(partitions.map(\.partition))))
    }
    func partitionsRevoked(_ partitions: [TopicPartition]) { continuation.yield(.revoked) }
    func partitionsLost(_ partitions: [TopicPartition]) { continuation.yield(.revoked) }
  }
}
