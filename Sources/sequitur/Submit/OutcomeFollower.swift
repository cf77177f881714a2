import Foundation
import KafkaClient
import Logging
import Sequitur
import SequiturTopics
import TerminalView

/// Reads the outcomes of commands from the valid and the invalid topic, while more commands are being sent.
///
/// Made before the commands are sent: it remembers where the topics end then. Thread rule: one thread.
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

  /// What a partition of an output topic says next.
  private enum Item {
    case event(CommandPosition, Event)
    case rejection(CommandPosition, code: String?, reason: String?)
    /// There is nothing more for now.
    case end
  }

  /// A partition of the valid or the invalid topic.
  private struct Source: Hashable {
    let isValid: Bool
    let partition: Int32
  }

  /// So many records wait at most for the acknowledgement that says whose they are; then no more are read.
  private static let itemsMax = 100_000

  private static let batchCount = 1000

  private let consumer: KafkaConsumer
  private let topics: TopicNames
  private let ledger: DeliveryLedger
  /// Records whose command may be ours, in their order.
  private var items: [Source: [Item]] = [:]
  private var itemCount = 0
  /// By partition: the command whose events are being read, since several records may be of one.
  private var open: [Int32: (position: CommandPosition, outcome: Outcome)] = [:]

  init(
    topics: TopicNames, kafka: KafkaConfiguration, logger: Logger, metadata: ClusterMetadata,
    ledger: DeliveryLedger
  ) throws {
    let own: KafkaConfiguration = ["isolation.level": "read_committed", "enable.partition.eof": "true"]
    let consumer = try KafkaConsumer(configuration: own.merging(kafka), logger: logger)
    self.consumer = consumer
    self.topics = topics
    self.ledger = ledger
    let start = try [topics.valid, topics.invalid].flatMap { name in
      guard let topic = metadata.topic(name) else {
        throw CommandFailure(
          "Expected the topic \(name) to wait for outcomes, but it does not exist. Create it: sequitur topics "
            + "create.")
      }
      return try topic.partitions.map { partition in
        let end = try consumer.watermarks(topic: name, partition: partition.id, timeout: KafkaLimits.call)
          .high
        return TopicPartitionOffset(topic: name, partition: partition.id, offset: end)
      }
    }
    try consumer.assign(start)
  }

  /// Whether every command that was acknowledged has had its outcome.
  var isComplete: Bool { open.isEmpty && ledger.waitingCount == 0 }

  /// Reads what is there, waiting for some at most so long, and calls `body` for each outcome of a command of ours.
  func follow(waitingAtMost timeout: Duration, _ body: (Outcome) throws -> Void) throws {
    try decide(body)
    if itemCount < Self.itemsMax { try read(timeout) }
    try decide(body)
  }

  /// Gives out what is known of commands whose last event may not have been read.
  func finish(_ body: (Outcome) throws -> Void) throws {
    for partition in open.keys.sorted() { try close(partition, body) }
  }

  private func read(_ timeout: Duration) throws {
    var batch = MessageBatch(capacity: Self.batchCount)
    for index in 0..<consumer.mainQueue.consumeBatch(into: &batch, timeout: timeout) { try add(batch[index]) }
  }

  private func add(_ message: borrowing Message) throws {
    let source = Source(isValid: message.topic == topics.valid, partition: message.partition)
    if message.isEndOfPartition { return add(.end, source) }
    if let error = message.error { throw error }
    if let item = item(message, isValid: source.isValid) { add(item, source) }
  }

  private func add(_ item: Item, _ source: Source) {
    items[source, default: []].append(item)
    itemCount += 1
  }

  /// Takes the records whose command is known by now to be ours, or not to be.
  private func decide(_ body: (Outcome) throws -> Void) throws {
    for (source, waiting) in items {
      var taken = 0
      for item in waiting {
        guard try take(item, source.partition, body) else { break }
        taken += 1
      }
      items[source] = taken == waiting.count ? nil : Array(waiting[taken...])
      itemCount -= taken
    }
  }

  /// False when it is not known yet whose the record is.
  private func take(_ item: Item, _ partition: Int32, _ body: (Outcome) throws -> Void) throws -> Bool {
    switch item {
    case .end:
      try close(partition, body)
    case .event(let position, let event):
      if open[partition]?.position == position {
        open[partition]?.outcome.events.append(event)
        return true
      }
      try close(partition, body)
      switch ledger.claim(position) {
      case .notKnownYet: return false
      case .others: break
      case .ours(let command):
        var outcome = outcome(of: command, at: position, "valid")
        outcome.events = [event]
        open[partition] = (position, outcome)
      }
    case .rejection(let position, let code, let reason):
      switch ledger.claim(position) {
      case .notKnownYet: return false
      case .others: break
      case .ours(let command):
        var outcome = outcome(of: command, at: position, "invalid")
        outcome.code = code
        outcome.reason = reason
        try body(outcome)
      }
    }
    return true
  }

  private func close(_ partition: Int32, _ body: (Outcome) throws -> Void) throws {
    if let finished = open.removeValue(forKey: partition) { try body(finished.outcome) }
  }

  private func outcome(
    of command: DeliveryLedger.Command, at position: CommandPosition, _ kind: String
  ) -> Outcome {
    Outcome(
      line: command.line, key: String(decoding: command.key, as: UTF8.self),
      position: "\(topics.commands)/\(position.partition)/\(position.offset)",
      token: "\(position.partition)-\(position.offset)", outcome: kind)
  }

  private func item(_ message: borrowing Message, isValid: Bool) -> Item? {
    guard let position = position(message, header: isValid ? "ce_id" : "command-position") else { return nil }
    guard isValid else {
      return .rejection(
        position, code: text(message, "rejection-code"), reason: text(message, "rejection-reason"))
    }
    return .event(
      position, Event(type: text(message, "ce_type") ?? "?", version: text(message, "ce_sequence") ?? "?"))
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
