import Foundation
import KafkaClient
import PartitionEngine
import ReadableText
import Sequitur

/// Decides one partition's commands again, and compares each outcome with the one on the topics.
///
/// ```
/// changelog ─► what objects were at each checkpoint ─┐ (only when objects may be older than the range)
/// commands ──────────────► decided again ◄───────────┘
///                               │
/// valid, invalid ─────────► compared, joined by the command's offset
/// ```
///
/// Thread rule: one thread. Blocks.
final class PartitionRehearsal {
  /// What the commands of one transaction may make before it is ended, as in a worker.
  private static let outputBytesMax = 4 << 20
  /// After how many commands progress is told, and cancellation looked for.
  private static let commandsBetweenLooks = 10_000

  private let store: RehearsalStore
  private let task: RehearsalTask
  private let replay: StateReplay?
  private let run: RehearsalRun
  private let range: RehearsalReport.Range
  /// Where outcomes begin, when those before were deleted: what is before may have had one.
  private let outcomesStart: Int64
  private let undrainedBytesMax: Int
  private var output = OutputBatch()
  private var commandsInTransaction = 0

  init(
    _ range: RehearsalReport.Range, task: RehearsalTask, store: RehearsalStore, replay: StateReplay?,
    outcomesStart: Int64, undrainedBytesMax: Int, in run: RehearsalRun
  ) {
    self.range = range
    self.task = task
    self.store = store
    self.replay = replay
    self.outcomesStart = outcomesStart
    self.undrainedBytesMax = undrainedBytesMax
    self.run = run
  }

  /// Goes through the range.
  /// - Throws: `KafkaError`, `RocksDBError`, `StoreFault`, `CancellationError`.
  func rehearse() throws {
    let commands = run.readers.commands
    var read = 0
    while try commands.advance() {
      let (offset, key) = commands.withRecord { ($0.offset, $0.key) }
      try replay?.catchUp(to: offset)
      for outcomes in [run.readers.valid, run.readers.invalid] {
        while outcomes.command < offset { try outcomes.advance() }
      }
      try rehearse(offset, key, commands)
      read += 1
      if read.isMultiple(of: Self.commandsBetweenLooks) { try run.goOn(range.partition) }
    }
  }

  private func rehearse(
    _ offset: Int64, _ key: UnsafeRawBufferPointer?, _ commands: RecordCursor
  ) throws {
    let (valid, invalid) = (run.readers.valid, run.readers.invalid)
    let isDecided = valid.command == offset || invalid.command == offset
    store.versionBefore =
      valid.command == offset ? valid.versionBefore : isDecided ? invalid.versionBefore : nil
    store.isDuplicate = invalid.command == offset && invalid.name.elementsEqual("duplicate".utf8)
    let first = output.records.count
    do throws(StoreFault) {
      _ = try commands.withBatch { batch, index throws(StoreFault) in
        try task.process(batch, index, &output)
      }
    } catch {
      guard store.isUnknown, let key else { throw error }
      try store.noteUnknown(key, at: offset)
      run.report.withoutState += 1
      return try run.readers.passOutcomes(of: offset)
    }
    if isDecided || offset >= outcomesStart {
      run.report.commands += 1
      try compare(offset, key, first)
    } else {
      run.report.withoutOutcome += 1
    }
    commandsInTransaction += 1
    if output.byteCount > Self.outputBytesMax || commandsInTransaction >= run.limits.transactionCommandsMax {
      try endTransaction()
    }
  }

  /// As a worker does when its broker has taken all.
  private func endTransaction() throws {
    guard task.partition.hasOpenCommands else { return }
    _ = task.partition.seal(into: &output)
    task.partition.commit(checkpointOffset: nil)
    output.removeAll()
    commandsInTransaction = 0
    if task.partition.undrainedByteCount >= undrainedBytesMax { try store.takeDrain(of: task.partition) }
  }

  // MARK: Comparison

  private func compare(_ offset: Int64, _ key: UnsafeRawBufferPointer?, _ first: Int) throws {
    let decided = output.records.dropFirst(first)
    let isAccepted = decided.first?.topic == .valid
    let events = try compareEvents(offset, isAccepted ? decided : decided.prefix(0))
    let invalid = run.readers.invalid
    var (code, reason): (String?, String?)
    if invalid.command == offset {
      let isSame =
        !isAccepted && events.count == 0
        && decided.first.map { DecidedOutcome.name(of: $0, in: output).hasBytes(of: invalid.name) } ?? false
      if !isSame {
        code = String(decoding: invalid.name, as: UTF8.self)
        reason = String(decoding: invalid.reason, as: UTF8.self)
      }
      while invalid.command == offset { try invalid.advance() }
      if isSame { return }
    } else if isAccepted, events.isSame {
      return
    }
    report(offset, key, first, events, code, reason)
  }

  /// The events on the topic, beside those that were decided.
  private struct EventComparison {
    var count = 0
    /// Whether they are the same, payloads included.
    var isSame = false
    /// The types on the topic, once one is not as decided.
    var types: [String]?
    /// The first payload that is another: on the topic, and as decided.
    var payloads: (String, String)?
  }

  private func compareEvents(
    _ offset: Int64, _ decided: Slice<UnsafeBufferPointer<OutputRecord>>
  ) throws -> EventComparison {
    let valid = run.readers.valid
    var found = EventComparison()
    while valid.command == offset {
      let place = decided.startIndex + found.count
      let event = place < decided.endIndex ? decided[place] : nil
      if found.types == nil {
        if let event, DecidedOutcome.name(of: event, in: output).hasBytes(of: valid.name) {
          let payload = event.value.map { output.bytes($0) }
          if found.payloads == nil, !Self.isEqual(payload, valid.value) {
            found.payloads = (Self.shown(valid.value), Self.shown(payload))
          }
        } else {
          found.types = types(decided.prefix(found.count))
        }
      }
      found.types?.append(String(decoding: valid.name, as: UTF8.self))
      found.count += 1
      try valid.advance()
    }
    if found.types == nil, found.count != decided.count { found.types = types(decided.prefix(found.count)) }
    found.isSame = found.types == nil && found.payloads == nil && found.count > 0
    return found
  }

  private func types(_ events: Slice<UnsafeBufferPointer<OutputRecord>>) -> [String] {
    events.map { String(decoding: DecidedOutcome.name(of: $0, in: output), as: UTF8.self) }
  }

  private func report(
    _ offset: Int64, _ key: UnsafeRawBufferPointer?, _ first: Int, _ events: EventComparison,
    _ code: String?, _ reason: String?
  ) {
    let decided = output.records.dropFirst(first)
    let isAccepted = decided.first?.topic == .valid
    var to = OutcomeName.none
    if isAccepted {
      to = OutcomeName.valid(types(decided))
    } else if let rejection = decided.first {
      to = OutcomeName.invalid(
        String(decoding: DecidedOutcome.name(of: rejection, in: output), as: UTF8.self))
    }
    var parts: [String] = []
    if events.count > 0 { parts.append(OutcomeName.valid(events.types ?? types(decided))) }
    if let code { parts.append(OutcomeName.invalid(code)) }
    let from = parts.isEmpty ? OutcomeName.none : parts.joined(separator: " and ")
    if isAccepted, events.types == nil, events.payloads != nil, code == nil { to += OutcomeName.otherPayload }
    run.report.add(from: from, to: to, samplesMax: run.configuration.samplesMax) {
      var why = reason ?? ""
      if !isAccepted, let rejection = decided.first {
        why = String(
          decoding: DecidedOutcome.header("rejection-reason", of: rejection, in: output), as: UTF8.self)
      } else if let (before, after) = events.payloads, events.types == nil {
        why = "The payload was \(before), and would be \(after)"
      }
      return RehearsalReport.Sample(
        key: key.map { ShownText.line($0, atMost: 80) } ?? "",
        position: "\(run.configuration.topics.commands)/\(range.partition)/\(offset)",
        reason: ShownText.line(why, atMost: 1_000))
    }
  }

  private static func isEqual(_ left: UnsafeRawBufferPointer?, _ right: UnsafeRawBufferPointer?) -> Bool {
    guard let left, let right else { return (left?.count ?? 0) == (right?.count ?? 0) }
    return left.hasBytes(of: right)
  }

  private static func shown(_ payload: UnsafeRawBufferPointer?) -> String {
    payload.map { ShownText.line($0) } ?? "null"
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func hasBytes(of other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard let start = baseAddress, let otherStart = other.baseAddress else { return true }
    return memcmp(start, otherStart, count) == 0
  }
}
