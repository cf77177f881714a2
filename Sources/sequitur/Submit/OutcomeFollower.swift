import Foundation
import KafkaClient
import Logging
import Sequitur
import SequiturWorker

/// Reads the outcomes of commands from the valid and the invalid topic. Blocks its thread.
///
/// Made before the commands are sent: it remembers where the topics end then.
final class OutcomeFollower {
  /// What became of one command.
  struct Outcome: Sendable, Encodable {
    let line: Int
    let key: String
    let position: String
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

  private let consumer: KafkaConsumer
  private let topics: TopicNames
  private let start: [TopicPartitionOffset]
  /// By partition: the command whose events are being read, since several records may be of one.
  private var open: [Int32: (position: CommandPosition, outcome: Outcome)] = [:]

  init(topics: TopicNames, kafka: KafkaConfiguration, logger: Logger, metadata: ClusterMetadata) throws {
    let own: KafkaConfiguration = ["isolation.level": "read_committed", "enable.partition.eof": "true"]
    let consumer = try KafkaConsumer(configuration: own.merging(kafka), logger: logger)
    self.consumer = consumer
    self.topics = topics
    start = try [topics.valid, topics.invalid].flatMap { name in
      guard let topic = metadata.topic(name) else {
        throw CommandFailure(
          "Expected the topic \(name) to wait for outcomes, but it does not exist. Create it: sequitur topics "
            + "create.")
      }
      return try topic.partitions.map { partition in
        let end = try consumer.watermarks(topic: name, partition: partition.id, timeout: .seconds(10)).high
        return TopicPartitionOffset(topic: name, partition: partition.id, offset: end)
      }
    }
  }

  /// Calls `body` for each outcome of the commands sent, until all have one or the time is over.
  /// - Returns: how many have none.
  func follow(
    _ summary: Submission.Summary, timeout: Duration, _ body: (Outcome) throws -> Void
  ) throws -> Int {
    try consumer.assign(start)
    let deadline = ContinuousClock.now + timeout
    var waiting = summary.positions
    var batch = MessageBatch(capacity: 1000)
    while !waiting.isEmpty || !open.isEmpty, ContinuousClock.now < deadline {
      for index in 0..<consumer.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(100)) {
        let message = batch[index]
        if message.isEndOfPartition {
          if message.topic == topics.valid { try close(message.partition, body) }
        } else if let error = message.error {
          throw error
        } else {
          try take(message, summary, &waiting, body)
        }
      }
    }
    for partition in open.keys.sorted() { try close(partition, body) }
    return waiting.count
  }

  private func take(
    _ message: borrowing Message, _ summary: Submission.Summary, _ waiting: inout [CommandPosition: Int],
    _ body: (Outcome) throws -> Void
  ) throws {
    let isEvent = message.topic == topics.valid
    guard let position = position(message, header: isEvent ? "ce_id" : "command-position") else { return }
    if isEvent, open[message.partition]?.position == position {
      open[message.partition]?.outcome.events.append(event(message))
      return
    }
    if isEvent { try close(message.partition, body) }
    guard let index = waiting.removeValue(forKey: position) else { return }
    var outcome = Outcome(
      line: summary.commands[index].line, key: summary.commands[index].key,
      position: "\(topics.commands)/\(position.partition)/\(position.offset)",
      outcome: isEvent ? "valid" : "invalid")
    if isEvent {
      outcome.events = [event(message)]
      open[message.partition] = (position, outcome)
    } else {
      outcome.code = text(message, "rejection-code")
      outcome.reason = text(message, "rejection-reason")
      try body(outcome)
    }
  }

  private func close(_ partition: Int32, _ body: (Outcome) throws -> Void) throws {
    if let finished = open.removeValue(forKey: partition) { try body(finished.outcome) }
  }

  private func event(_ message: borrowing Message) -> Event {
    Event(type: text(message, "ce_type") ?? "?", version: text(message, "ce_sequence") ?? "?")
  }

  /// The command a record is the outcome of: `<commands topic>/<partition>/<offset>`, and more behind it.
  private func position(_ message: borrowing Message, header: String) -> CommandPosition? {
    guard let text = text(message, header), text.hasPrefix(topics.commands + "/") else { return nil }
    let parts = text.dropFirst(topics.commands.count + 1).split(separator: "/")
    guard parts.count >= 2, let partition = Int32(parts[0]), let offset = Int64(parts[1]) else { return nil }
    return CommandPosition(partition: partition, offset: offset)
  }

  private func text(_ message: borrowing Message, _ header: String) -> String? {
    var found: String?
    // Workers write headers that can be parsed: others are nobody's outcome.
    _ = message.forEachHeader { name, value in
      if let value, name.elementsEqual(header.utf8) { found = String(decoding: value, as: UTF8.self) }
    }
    return found
  }
}
