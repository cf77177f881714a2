import KafkaClient
import Sequitur
import SequiturTopics

/// Finds the outcome of a command that was decided at any time, without an index.
///
/// Outcomes stand in command order on each of the two topics, so the place is found by halving: each step reads the first
/// committed record behind the middle.
struct OutcomeSearch {
  /// What a search finds.
  enum Finding: Sendable, Hashable {
    case found(CommandOutcome)
    /// The commands topic has the offset, and its outcome is not there yet.
    case pending
    /// No command of this number has an outcome that is still kept: it is not there yet, was never there, or its outcome was
    /// deleted by the topic's retention.
    case unknown
  }

  private let topics: TopicNames
  private let fetcher: RecordFetcher
  private let request: FetchRequest

  /// - Parameters:
  ///   - fetcher: used by this search alone while it runs.
  ///   - request: who asks.
  init(_ topics: TopicNames, _ fetcher: RecordFetcher, for request: FetchRequest) {
    self.topics = topics
    self.fetcher = fetcher
    self.request = request
  }

  /// Searches both topics; blocks.
  /// - Throws: `CancellationError` when nobody waits; `KafkaError` when the broker does not answer, `unknownPartition` for a partition that is not there.
  func find(_ position: CommandPosition) throws -> Finding {
    if let outcome = try find(position, on: topics.invalid) { return .found(outcome) }
    if let outcome = try find(position, on: topics.valid) { return .found(outcome) }
    let bounds = try fetcher.bounds(of: topics.commands, position.partition)
    guard position.offset >= bounds.low, position.offset < bounds.high else { return .unknown }
    // A later command's outcome says that this offset is decided: it is no command, but a marker or an aborted one.
    let last = try max(
      lastDecided(on: topics.invalid, position.partition),
      lastDecided(on: topics.valid, position.partition))
    return last > position.offset ? .unknown : .pending
  }

  private func find(_ position: CommandPosition, on topic: String) throws -> CommandOutcome? {
    let bounds = try fetcher.bounds(of: topic, position.partition)
    var (low, high) = (bounds.low, bounds.high)
    while low < high {
      let middle = low + (high - low) / 2
      guard let (record, offset) = try first(of: topic, position.partition, from: middle, below: high) else {
        high = middle
        continue
      }
      if record.position.offset < position.offset { low = offset + 1 } else { high = middle }
    }
    return try outcome(position, on: topic, from: low, below: bounds.high)
  }

  /// Gathers the records of the command, from the first one on.
  private func outcome(
    _ position: CommandPosition, on topic: String, from start: Int64, below end: Int64
  ) throws -> CommandOutcome? {
    var events: [CommandOutcome.Event] = []
    var key: [UInt8] = []
    var next = start
    while let (record, offset) = try first(of: topic, position.partition, from: next, below: end),
      record.position == position
    {
      key = record.key
      switch record.part {
      case .rejection(let rejection):
        return CommandOutcome(position: position, key: key, verdict: .invalid(rejection))
      case .event(let event): events.append(event)
      }
      next = offset + 1
    }
    return events.isEmpty ? nil : CommandOutcome(position: position, key: key, verdict: .valid(events))
  }

  /// Behind the last decided command, as the topic's last outcome says it; 0 for none.
  private func lastDecided(on topic: String, _ partition: Int32) throws -> Int64 {
    let bounds = try fetcher.bounds(of: topic, partition)
    // Markers stand at the end, and records of aborted transactions may.
    var step: Int64 = 2
    while true {
      let start = max(bounds.low, bounds.high - step)
      var last: Int64?
      var next = start
      while let (record, offset) = try first(of: topic, partition, from: next, below: bounds.high) {
        last = record.position.offset
        next = offset + 1
      }
      if let last { return last + 1 }
      if start == bounds.low { return 0 }
      step *= 4
    }
  }

  /// The first outcome from an offset on.
  private func first(
    of topic: String, _ partition: Int32, from start: Int64, below end: Int64
  ) throws -> (OutcomeRecord, Int64)? {
    var found: (OutcomeRecord, Int64)?
    try fetcher.read(topic, partition, from: start, below: end, for: request) { message in
      guard let record = OutcomeRecord(message, of: topics) else { return true }
      found = (record, message.offset)
      return false
    }
    return found
  }
}
