import BlockingThreads
import KafkaClient
import Logging
import Sequitur
import SequiturTopics
import Synchronization

/// Follows the outcomes of all partitions from the moment it begins, and tells those who wait for one; the events go to the
/// live feed as well.
///
/// One thread reads both topics, committed records only, without a group. Trouble of the broker is waited for, and told
/// on the log. When a topic's end lies below what was read, it was made anew: reading goes on from its end.
final class OutcomeWatch: Sendable {
  private struct Wait {
    let continuation: CheckedContinuation<Answer, Never>
    let clock: Task<Void, any Error>

    func end(_ answer: Answer) {
      clock.cancel()
      continuation.resume(returning: answer)
    }
  }

  private struct State {
    var board: OutcomeBoard
    var waits: [OutcomeBoard.Waiter: Wait] = [:]
    var nextWaiter: OutcomeBoard.Waiter = 0
    /// How often reading began at another place.
    var restarts = 0
    var isOver = false
  }

  /// What a request gets.
  enum Answer: Sendable {
    case outcome(CommandOutcome)
    /// Nothing came in time.
    case none
    /// The outcome may have come and is not kept: search for it.
    case gone
  }

  private let topics: TopicNames
  private let partitions: Int32
  private let feeds: LiveFeed.Rings
  private let starts: [TopicPartitionOffset]
  private let consumer: KafkaConsumer
  private let logger: Logger
  private let state = Mutex(State(board: OutcomeBoard(recentMax: GatewayLimits.recentOutcomes)))
  private let isStopped = Atomic(false)

  /// Remembers where the topics end; blocks.
  init(
    _ topics: TopicNames, partitions: Int32, feeds: LiveFeed.Rings, kafka: KafkaConfiguration, logger: Logger
  ) throws(KafkaError) {
    let own: KafkaConfiguration = [
      "isolation.level": "read_committed", "enable.partition.eof": "true", "auto.offset.reset": "error",
      // An outcome is waited for: a fetch that waits for company makes it late.
      "fetch.wait.max.ms": "100",
    ]
    let consumer = try KafkaConsumer(configuration: kafka.merging(own), logger: logger)
    self.topics = topics
    self.partitions = partitions
    self.feeds = feeds
    self.consumer = consumer
    self.logger = logger
    starts = try Self.ends(of: topics, partitions: partitions, consumer)
    try consumer.assign(starts)
  }

  /// Reads until ``stop()``; blocks its thread.
  func run() {
    let live = LiveFeed(feeds, position: position(starts))
    var batch = MessageBatch(capacity: 1000)
    while !isStopped.load(ordering: .relaxed) {
      consumer.mainQueue.consumeBatch(into: &batch, timeout: GatewayLimits.readWait)
      let restarts = state.withLock { $0.restarts }
      for index in 0..<batch.count { take(batch[index], live) }
      // Those who wait came first; what was read before a restart is not told behind it.
      guard state.withLock({ $0.restarts }) == restarts else { continue }
      for index in 0..<batch.count { show(batch[index], live) }
    }
    end()
  }

  /// Ends the reading, and every wait with nothing.
  func stop() {
    isStopped.store(true, ordering: .relaxed)
    consumer.wake()
  }

  /// How far a partition's outcomes were read.
  func progress(_ partition: Int32) -> CommandAdmission.Progress {
    state.withLock { state in
      CommandAdmission.Progress(
        decidedTo: state.board.decidedTo(partition), count: state.board.count(partition),
        restarts: state.restarts)
    }
  }

  /// Outcomes that were read.
  var outcomeCount: Int {
    state.withLock { state in (0..<partitions).reduce(0) { $0 + state.board.count($1) } }
  }

  /// The outcome, if it is among those that came last.
  func recent(_ position: CommandPosition) -> CommandOutcome? {
    state.withLock { $0.board.recent(position) }
  }

  /// Waits for a command's outcome, at most so long.
  func outcome(of position: CommandPosition, within time: Duration) async -> Answer {
    let waiter = state.withLock { state in
      defer { state.nextWaiter += 1 }
      return state.nextWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if let answer = begin(waiter, position, time, continuation) { continuation.resume(returning: answer) }
      }
    } onCancel: {
      leave(waiter, position)
    }
  }

  /// The answer, when there is no need to wait.
  private func begin(
    _ waiter: OutcomeBoard.Waiter, _ position: CommandPosition, _ time: Duration,
    _ continuation: CheckedContinuation<Answer, Never>
  ) -> Answer? {
    state.withLock { state in
      guard !state.isOver, !Task.isCancelled else { return Answer.none }
      switch state.board.wait(for: position, waiter) {
      case .known(let outcome): return .outcome(outcome)
      case .gone: return .gone
      case .waiting:
        let clock = Task { [self] in
          try await Task.sleep(for: time)
          leave(waiter, position)
        }
        state.waits[waiter] = Wait(continuation: continuation, clock: clock)
        return nil
      }
    }
  }

  private func leave(_ waiter: OutcomeBoard.Waiter, _ position: CommandPosition) {
    let wait = state.withLock { state in
      state.board.leave(waiter, position)
      return state.waits.removeValue(forKey: waiter)
    }
    wait?.end(.none)
  }

  private func position(_ starts: [TopicPartitionOffset]) -> FeedPosition {
    FeedPosition(
      starts.filter { $0.topic == topics.valid }.sorted { $0.partition < $1.partition }.map(\.offset))
  }

  private func take(_ message: borrowing Message, _ live: LiveFeed) {
    if message.isEndOfPartition {
      if message.topic == topics.valid { tell { $0.validEnded(message.partition) } }
    } else if let error = message.error {
      fail(error, live)
    } else if let record = OutcomeRecord(message, of: topics) {
      tell { $0.take(record) }
    }
  }

  private func show(_ message: borrowing Message, _ live: LiveFeed) {
    guard !message.isEndOfPartition, message.error == nil, message.topic == topics.valid else { return }
    live.take(message)
  }

  private func tell(_ change: (inout OutcomeBoard) -> [OutcomeBoard.News]) {
    let told = state.withLock { state in
      change(&state.board).map { news in
        (news.outcome, news.waiters.compactMap { state.waits.removeValue(forKey: $0) })
      }
    }
    for (outcome, waits) in told { for wait in waits { wait.end(.outcome(outcome)) } }
  }

  private func fail(_ error: KafkaError, _ live: LiveFeed) {
    logger.warning("outcomes cannot be read", metadata: ["error": "\(error)"])
    guard [.autoOffsetReset, .offsetOutOfRange].contains(error.code) else { return }
    do throws(KafkaError) {
      let ends = try Self.ends(of: topics, partitions: partitions, consumer)
      try consumer.assign(ends)
      state.withLock { state in
        state.board.restart()
        state.restarts += 1
      }
      live.restart(position(ends))
      logger.warning("outcomes are read from the topics' ends again")
    } catch {
      logger.warning("outcomes cannot be read", metadata: ["error": "\(error)"])
    }
  }

  private func end() {
    let waiting = state.withLock { state in
      state.isOver = true
      defer { state.waits = [:] }
      return state.waits.values
    }
    for wait in waiting { wait.end(.none) }
  }

  private static func ends(
    of topics: TopicNames, partitions: Int32, _ consumer: KafkaConsumer
  ) throws(KafkaError) -> [TopicPartitionOffset] {
    var ends: [TopicPartitionOffset] = []
    for topic in [topics.valid, topics.invalid] {
      for partition in 0..<partitions {
        let end = try consumer.watermarks(topic: topic, partition: partition, timeout: KafkaLimits.call).high
        ends.append(TopicPartitionOffset(topic: topic, partition: partition, offset: end))
      }
    }
    return ends
  }
}
