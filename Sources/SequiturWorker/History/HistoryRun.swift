import KafkaClient
import Logging
import PartitionEngine
import Sequitur
import SequiturTopics

/// Reads one object's history. Thread rule: one thread. Blocks.
final class HistoryRun {
  private let history: ObjectHistory
  private let key: [UInt8]
  private let cancellation: Cancellation
  private let topics: RehearsalTopics
  private let readers: RehearsalReaders

  init(_ history: ObjectHistory, _ key: [UInt8], _ cancellation: Cancellation) throws {
    self.history = history
    self.key = key
    self.cancellation = cancellation
    topics = try RehearsalTopics(history.configuration, history.logger)
    readers = try RehearsalReaders(history.configuration, history.logger)
    readers.valid.onlyKey = key
    readers.invalid.onlyKey = key
  }

  func run(_ body: (HistoryEntry) throws -> Void) throws -> Int {
    guard 1...Limits.keyBytesMax ~= key.count else {
      throw RehearsalFault(
        "Expected an object's key of 1 to \(Limits.keyBytesMax) bytes, but it has \(key.count).")
    }
    let partitions = try topics.partitionCount()
    let first = Murmur2.partition(of: key, among: partitions)
    for partition in [first] + (0..<partitions).filter({ $0 != first }) {
      let count = try read(partition, partitions, body)
      if count > 0 { return count }
    }
    return 0
  }

  private func read(
    _ partition: Int32, _ partitions: Int32, _ body: (HistoryEntry) throws -> Void
  ) throws -> Int {
    let names = history.configuration.topics
    var states = try KeptStates(
      of: key, partition, topics.bounds(names.changelog, partition), readers.changelog,
      ChangelogOwner(topics: names))
    let (valid, invalid) = (
      try topics.bounds(names.valid, partition), try topics.bounds(names.invalid, partition)
    )
    let commands = try topics.bounds(names.commands, partition)
    try readers.valid.open(partition, from: 0, valid)
    try readers.invalid.open(partition, from: 0, invalid)
    try readers.commands.open(partition, from: commands.low, to: commands.high)
    let computation = history.makeTask.map {
      StateComputation(
        of: key, partition, partitions, history.configuration, makeTask: $0)
    }
    var count = 0
    var command = try nextCommand()
    while true {
      if cancellation.isCancelled { throw CancellationError() }
      let offset = min(command ?? .max, readers.valid.command, readers.invalid.command)
      guard offset < .max else { return count }
      count += 1
      let entry = try entry(partition, offset, isRead: command == offset, &states, computation)
      if command == offset { command = try nextCommand() }
      try body(entry)
    }
  }

  /// The offset of the key's next command; nil behind the last one.
  private func nextCommand() throws -> Int64? {
    while try readers.commands.advance() {
      let offset = readers.commands.withRecord { record in
        (record.key?.elementsEqual(key) ?? false) ? record.offset : nil
      }
      if let offset { return offset }
    }
    return nil
  }

  private func entry(
    _ partition: Int32, _ offset: Int64, isRead: Bool, _ states: inout KeptStates,
    _ computation: StateComputation?
  ) throws -> HistoryEntry {
    let (valid, invalid) = (readers.valid, readers.invalid)
    var (events, rejection): ([HistoryEntry.Event], HistoryEntry.Rejection?) = ([], nil)
    let outcome = valid.command == offset ? valid : invalid.command == offset ? invalid : nil
    let versionBefore = outcome?.versionBefore
    var time = outcome?.timestamp ?? -1
    while valid.command == offset {
      events.append(
        HistoryEntry.Event(
          type: String(decoding: valid.name, as: UTF8.self), version: (valid.versionBefore ?? 0) + 1,
          payload: valid.value.map { Array($0) }))
      try valid.advance()
    }
    while invalid.command == offset {
      rejection = HistoryEntry.Rejection(
        code: String(decoding: invalid.name, as: UTF8.self),
        reason: String(decoding: invalid.reason, as: UTF8.self))
      try invalid.advance()
    }
    var command: HistoryEntry.Command?
    if isRead { (command, time) = readers.commands.withRecord { (HistoryEntry.Command($0), $0.timestamp) } }
    let kept = events.last.flatMap { last in
      states.state(after: offset, version: last.version, nextEvent: valid.command)
    }
    let computed = try computation?.decide(
      isRead ? readers.commands : nil, offset, versionBefore: versionBefore, events, rejection, kept: kept)
    let after = kept ?? computed
    return HistoryEntry(
      partition: partition, offset: offset, time: time, command: command, events: events,
      rejection: rejection, isPending: outcome == nil && offset >= states.position,
      isForgotten: after.map { $0.record == nil } ?? false && !events.isEmpty,
      state: events.isEmpty ? nil : after?.state(isKept: kept != nil))
  }
}

extension HistoryEntry.Command {
  fileprivate init(_ message: borrowing Message) {
    var (type, id): (String?, String?)
    // Headers that cannot be read are as if there were none.
    _ = message.forEachHeader { name, value in
      let header = RecordHeader(name: name, value: value)
      let text = value.map { String(decoding: $0, as: UTF8.self) }
      if header.isNamed("ce_type") { type = text }
      if header.isNamed("ce_id") { id = text }
    }
    self.init(type: type, id: id, payload: message.value.map { Array($0) })
  }
}
