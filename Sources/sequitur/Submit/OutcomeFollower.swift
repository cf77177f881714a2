import Foundation
import KafkaClient
import Logging
import Sequitur
import SequiturFollower
import SequiturTopics
import Synchronization
import TerminalView

/// Follows the valid and the invalid topic for the outcomes of commands, while more commands are being sent.
///
/// Made before the commands are sent: it follows from where the topics end then. Thread rule: one thread.
final class OutcomeFollower {
  /// What became of one command.
  struct Outcome: Sendable, Encodable {
    let line: Int
    let key: String
    let position: String
    /// What a reader of what was written waits for: `<partition>-<offset>`.
    let token: String
    /// `valid` or `invalid`.
    let outcome: String
    var events: [Event] = []
    var code: String?
    var reason: String?
  }

  struct Event: Sendable, Encodable {
    let type: String
    let version: String
  }

  private let topics: TopicNames
  private let ledger: DeliveryLedger
  private let mail = OutcomeMail()
  private let followers: [Follower]
  /// By topic and partition, the outcomes whose command may be ours, in their order.
  private var undecided: [OutcomeMail.Source: ArraySlice<OutcomeMail.Item>] = [:]

  /// - Parameter applicationID: nil when only the topics' names are known.
  init(
    topics: TopicNames, of applicationID: String?, kafka: KafkaConfiguration, logger: Logger,
    metadata: ClusterMetadata, ledger: DeliveryLedger
  ) throws {
    self.topics = topics
    self.ledger = ledger
    let ends = try OutcomeEnds(kafka: kafka, logger: logger, metadata: metadata)
    followers = try [FollowedTopic.events, FollowedTopic.rejections].map { [mail] topic in
      var topic = topic(topics, applicationID ?? "")
      if applicationID == nil { topic = topic.ofAnyApplication() }
      var configuration = FollowerConfiguration(kafka: kafka, topic: topic, logger: logger)
      configuration.beginnings = try ends.of(topic.name)
      configuration.checkInterval = .seconds(60)
      return Follower(
        configuration: configuration, sink: OutcomeSink(mail, isValid: topic.name == topics.valid))
    }
    for follower in followers {
      Task { [mail] in
        do { try await follower.run() } catch { mail.fail(error) }
      }
    }
  }

  deinit { for follower in followers { follower.stop() } }

  /// Whether every command that was acknowledged has had its outcome.
  var isComplete: Bool { ledger.waitingCount == 0 }

  /// Takes what has come, waiting for some at most so long, and calls `body` for each outcome of a command of ours.
  /// - Throws: why a topic cannot be followed; what `body` throws.
  func follow(waitingAtMost timeout: Duration, _ body: (Outcome) throws -> Void) throws {
    // What was not known to be ours may be by now.
    try decide(body)
    for (source, items) in try mail.take(waitingAtMost: timeout) { undecided[source, default: []] += items }
    try decide(body)
  }

  private func decide(_ body: (Outcome) throws -> Void) throws {
    for (source, items) in undecided {
      var rest = items
      while let item = rest.first {
        let position = CommandPosition(partition: source.partition, offset: item.command)
        let owner = ledger.claim(position)
        if case .notKnownYet = owner { break }
        rest.removeFirst()
        mail.release(1)
        if case .ours(let command) = owner { try body(outcome(item, of: command, at: position)) }
      }
      undecided[source] = rest.isEmpty ? nil : rest
    }
  }

  private func outcome(
    _ item: OutcomeMail.Item, of command: DeliveryLedger.Command, at position: CommandPosition
  ) -> Outcome {
    var outcome = Outcome(
      line: command.line, key: String(decoding: command.key, as: UTF8.self),
      position: "\(topics.commands)/\(position.partition)/\(position.offset)",
      token: "\(position.partition)-\(position.offset)",
      outcome: item.rejection == nil ? "valid" : "invalid")
    outcome.events = item.events
    outcome.code = item.rejection?.code
    outcome.reason = item.rejection?.reason
    return outcome
  }
}

/// Where the topics of outcomes end.
private struct OutcomeEnds {
  private let consumer: KafkaConsumer
  private let metadata: ClusterMetadata

  init(kafka: KafkaConfiguration, logger: Logger, metadata: ClusterMetadata) throws(KafkaError) {
    consumer = try KafkaConsumer(
      configuration: kafka.merging(["isolation.level": "read_committed"]), logger: logger)
    self.metadata = metadata
  }

  /// By partition, the end of what is committed.
  func of(_ name: String) throws -> [Int32: Int64] {
    guard let topic = metadata.topic(name) else {
      throw CommandFailure(
        "Expected the topic \(name) to wait for outcomes, but it does not exist. Create it: sequitur topics create."
      )
    }
    return try topic.partitions.reduce(into: [:]) { ends, partition in
      ends[partition.id] =
        try consumer.watermarks(topic: name, partition: partition.id, timeout: KafkaLimits.call).high
    }
  }
}

/// Outcomes on their way from the followers' threads to the one that sends.
private final class OutcomeMail: Sendable {
  /// A partition of the valid or the invalid topic.
  struct Source: Hashable {
    let isValid: Bool
    let partition: Int32
  }

  /// The outcome of the command at an offset.
  struct Item {
    let command: Int64
    var events: [OutcomeFollower.Event] = []
    var rejection: (code: String, reason: String?)?
  }

  private struct State {
    var items: [Source: [Item]] = [:]
    var count = 0
    var failure: (any Error)?
  }

  /// So many wait at most for the acknowledgement that says whose they are; then nothing more is followed.
  private static let itemsMax = 100_000

  private let state = Mutex(State())
  private let news = DispatchSemaphore(value: 0)

  /// Whether there was room.
  func add(_ items: [Item], _ source: Source) -> Bool {
    let isTaken = state.withLock { state in
      guard state.count < Self.itemsMax else { return false }
      state.items[source, default: []] += items
      state.count += items.count
      return true
    }
    if isTaken, !items.isEmpty { news.signal() }
    return isTaken
  }

  func fail(_ error: any Error) {
    state.withLock { $0.failure = $0.failure ?? error }
    news.signal()
  }

  /// What came, waiting at most so long for some. It counts until it is released.
  func take(waitingAtMost timeout: Duration) throws -> [Source: [Item]] {
    _ = news.wait(timeout: .now() + timeout / .seconds(1))
    return try state.withLock { state in
      if let failure = state.failure { throw failure }
      defer { state.items = [:] }
      return state.items
    }
  }

  /// So many outcomes that were taken wait no longer.
  func release(_ count: Int) { state.withLock { $0.count -= count } }
}

/// Makes outcomes of what a follower reads. Lives on the follower's thread.
private final class OutcomeSink: FollowSink {
  private let mail: OutcomeMail
  private let isValid: Bool
  /// By partition: the command whose events came in parts so far.
  private let open = Mutex<[Int32: OutcomeMail.Item]>([:])

  init(_ mail: OutcomeMail, isValid: Bool) {
    self.mail = mail
    self.isValid = isValid
  }

  func position(of partition: Int32) -> FollowPosition? { nil }

  func apply(
    _ batch: FollowBatch, of partition: Int32, from old: FollowPosition?, to new: FollowPosition?
  ) -> FollowVerdict {
    var items = open.withLock { $0[partition].map { [$0] } ?? [] }
    for index in 0..<batch.count { add(batch[index], to: &items) }
    // In the middle of a unit the last command may have more events.
    let rest = new == nil ? items.popLast() : nil
    guard mail.add(items, OutcomeMail.Source(isValid: isValid, partition: partition)) else {
      return .retry(after: .milliseconds(10))
    }
    open.withLock { $0[partition] = rest }
    return .applied
  }

  private func add(_ record: FollowedRecord, to items: inout [OutcomeMail.Item]) {
    guard let command = record.command else { return }
    guard isValid else {
      let rejection = (record.text("rejection-code") ?? "?", record.text("rejection-reason"))
      return items.append(OutcomeMail.Item(command: command, rejection: rejection))
    }
    let event = OutcomeFollower.Event(
      type: record.text("ce_type") ?? "?", version: record.text("ce_sequence") ?? "?")
    if items.last?.command == command {
      items[items.count - 1].events.append(event)
    } else {
      items.append(OutcomeMail.Item(command: command, events: [event]))
    }
  }
}
