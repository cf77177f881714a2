import BlockingThreads
import KafkaClient
import Synchronization

/// Follows the committed records of a topic of Sequitur's and hands them to a sink, with an exact position.
///
/// It reads without a consumer group: which partitions it follows is its configuration's. One thread serves all of them;
/// the sink is called on it. Memory is bounded by the configuration's `heldBytesMax` for each partition and by librdkafka's
/// own queue (`queued.max.messages.kbytes` for each partition).
///
/// Broker trouble is waited for. What cannot be read exactly ends it with a ``FollowFailure``: nothing is skipped.
public final class Follower: Sendable {
  private let configuration: FollowerConfiguration
  private let door: SinkDoor
  private let waits: TokenWaits
  private let shared = Mutex(Shared())

  private struct Shared {
    var consumer: KafkaConsumer?
    var statuses: [Int32: FollowStatus] = [:]
  }

  /// - Parameter sink: used by this follower alone until ``run()`` has returned.
  public init(configuration: FollowerConfiguration, sink: any FollowSink) {
    self.configuration = configuration
    door = SinkDoor(sink)
    waits = TokenWaits(asksEnds: !configuration.topic.isChangelog)
  }

  /// How far it is, by partition; empty before it has begun.
  public var statuses: [Int32: FollowStatus] { shared.withLock { $0.statuses } }

  /// Follows until it is stopped, or has caught up where it was told to stop then. Call it once.
  ///
  /// - Throws: ``FollowFailure``, `TopicFault` (no broker, no such topic), `KafkaError` (silence, a missing right), what the
  ///   sink throws.
  public func run() async throws {
    try await withTaskCancellationHandler {
      try await withBlockingThread("follow", throwing: { [self] in try runBlocking() })
    } onCancel: {
      stop()
    }
  }

  /// Ends ``run()`` after the batch under way, without an error. From any thread.
  public func stop() {
    door.stop()
    shared.withLock { $0.consumer }?.wake()
  }

  /// Returns when the sink covers a command: for a program that reads what it wrote.
  ///
  /// A changelog's follower has it when a checkpoint's position lies beyond it. A valid topic's follower has it when an event
  /// of that command or a later one was applied, or everything that was committed when the wait began: a rejection leaves
  /// nothing there. So wait for a command whose outcome is known.
  ///
  /// - Throws: ``TokenWaitFailure`` when the time is over, the follower has ended, or does not follow the partition;
  ///   `CancellationError`.
  public func wait(for token: CommandToken, timeout: Duration) async throws {
    if let followed = configuration.partitions, !followed.contains(token.partition) {
      throw TokenWaitFailure(token: token, reached: nil, reason: .notFollowed)
    }
    try await waits.wait(for: token, timeout: timeout) { [self] in
      shared.withLock { $0.consumer }?.wake()
    }
  }

  private func runBlocking() throws {
    defer { waits.end() }
    let consumer = try KafkaConsumer(configuration: configuration.reader, logger: configuration.logger)
    shared.withLock { $0.consumer = consumer }
    defer { shared.withLock { $0.consumer = nil } }
    guard !door.isStopped else { return }
    var run = try FollowRun(
      configuration, door, consumer, waits,
      report: { [self] partition, status in
        shared.withLock { $0.statuses[partition] = status }
        waits.reached(partition, status.position?.command, currentAt: status.currentAt)
      })
    try run.follow()
  }
}
