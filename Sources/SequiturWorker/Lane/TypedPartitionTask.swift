import KafkaClient
import PartitionEngine
import Sequitur

/// A partition's processor for one decider. The hot path: specialised in the module that names the decider.
///
/// A call through `any PartitionTask` reaches the methods as they are compiled for every decider, which cost
/// several times as much for each command. So it only reaches ``run``, a closure that is made where the decider
/// is known, and that calls the specialised code.
@usableFromInline
final class TypedPartitionTask<D: Decider>: PartitionTask {
  @usableFromInline var processor: PartitionProcessor<D>
  @usableFromInline var headers: [RecordHeader] = []
  /// The command that was processed last, as far as it is known.
  @usableFromInline var lastCommand: LastCommand?
  @usableFromInline let execution: ExecutionSlot
  /// Commands that are rejected without being executed.
  @usableFromInline let refusals: [Int64: Rejection]
  /// The first of those that are left; beyond all offsets when none is.
  @usableFromInline var nextRefusal: Int64

  @usableFromInline
  typealias Run = (
    TypedPartitionTask, borrowing MessageBatch, Range<Int>, inout OutputBatch, _ outputBytesMax: Int
  ) -> RunResult
  @usableFromInline let run: Run

  @inlinable
  init(decider: D, seat: PartitionSeat, store: any ObjectStore) {
    processor = PartitionProcessor(
      decider: decider, identity: seat.identity, envelope: seat.envelope, limits: seat.limits,
      store: store, position: seat.position, changelogPosition: seat.changelogPosition,
      isMoved: seat.isMoved, objectBytesMax: seat.objectBytesMax, hashSeed: seat.hashSeed)
    lastCommand = seat.lastCommand
    execution = seat.execution
    refusals = seat.refusals
    nextRefusal = seat.refusals.keys.min() ?? .max
    run = { task, messages, range, output, outputBytesMax in
      task.processRun(messages, range, into: &output, outputBytesMax: outputBytesMax)
    }
    headers.reserveCapacity(16)
  }

  @inlinable
  func process(
    _ messages: borrowing MessageBatch, _ range: Range<Int>, into output: inout OutputBatch,
    outputBytesMax: Int
  ) -> RunResult {
    run(self, messages, range, &output, outputBytesMax)
  }

  @inlinable
  func processRun(
    _ messages: borrowing MessageBatch, _ range: Range<Int>, into output: inout OutputBatch,
    outputBytesMax: Int
  ) -> RunResult {
    var result = RunResult()
    defer { execution.end() }
    for index in range {
      guard output.memoryByteCount + processor.openByteCount < outputBytesMax else { break }
      do throws(StoreFault) {
        switch try process(messages[index], into: &output) {
        case .accepted: result.accepted += 1
        case .rejected(let code):
          result.rejected[code, default: 0] += 1
          if code == .deciderError { noteDeciderError(messages[index], output, &result) }
        case .skipped: break
        }
      } catch {
        result.fault = error
        break
      }
      result.messages += 1
    }
    if result.messages > 0 { note(messages[range.lowerBound + result.messages - 1]) }
    return result
  }

  /// Remembers why the decider failed for a command: its rejection stands last in the output.
  @usableFromInline
  func noteDeciderError(
    _ message: borrowing Message, _ output: borrowing OutputBatch, _ result: inout RunResult
  ) {
    guard result.deciderErrors.count < RunResult.deciderErrorsMax, let record = output.records.last else {
      return
    }
    let reason = output.lastHeader("rejection-reason", of: record)
    var type: String?
    var traceparent: String?
    _ = message.forEachHeader { name, value in
      if name.elementsEqual("ce_type".utf8) {
        type = value.map { String(decoding: $0.prefix(200), as: UTF8.self) }
      } else if name.elementsEqual("traceparent".utf8) {
        traceparent = value.map { String(decoding: $0.prefix(80), as: UTF8.self) }
      }
    }
    let report = DeciderErrorReport(
      offset: message.offset, key: message.key.map { Array($0.prefix(Limits.keyBytesMax)) } ?? [], type: type,
      traceparent: traceparent, reason: reason.map { String(decoding: $0, as: UTF8.self) } ?? "")
    let isKnown = result.deciderErrors.contains { $0.kind == report.kind }
    if !isKnown { result.deciderErrors.append(report) }
  }

  /// Remembers which command was processed last. Once a run: a digest of each would cost as much as deciding. Headers that
  /// cannot be parsed are none, here and where the digest is compared.
  @usableFromInline
  func note(_ message: borrowing Message) {
    guard message.offset == processor.position - 1 else { return }
    headers.removeAll(keepingCapacity: true)
    _ = message.forEachHeader { name, value in headers.append(RecordHeader(name: name, value: value)) }
    lastCommand = headers.withUnsafeBufferPointer { LastCommand(CommandRecord(message, headers: $0)) }
  }

  @inlinable
  func process(
    _ message: borrowing Message, into output: inout OutputBatch
  ) throws(StoreFault) -> Outcome {
    headers.removeAll(keepingCapacity: true)
    let isReadable = message.forEachHeader { headers.append(RecordHeader(name: $0, value: $1)) }
    return try headers.withUnsafeBufferPointer { headers throws(StoreFault) in
      let record = CommandRecord(message, headers: headers)
      if message.offset >= nextRefusal, let rejection = refusal(at: message.offset) {
        return try processor.refuse(record, rejection, into: &output)
      }
      // Without a key it is rejected for that, which comes first.
      guard isReadable || !(1...Limits.keyBytesMax ~= record.unsafeKey.count) else {
        return try processor.refuse(record, .unreadableHeaders, into: &output)
      }
      execution.begin(message.offset)
      return try processor.process(record, into: &output)
    }
  }

  /// Why the command at an offset is rejected, when it is; looks for the next one otherwise.
  @inlinable @inline(never)
  func refusal(at offset: Int64) -> Rejection? {
    if let rejection = refusals[offset] { return rejection }
    nextRefusal = refusals.keys.filter { $0 > offset }.min() ?? .max
    return nil
  }

  @inlinable var hasOpenCommands: Bool { processor.hasOpenCommands }
  @inlinable var openByteCount: Int { processor.openByteCount }
  @inlinable var committedPosition: Int64 { processor.positionCommitted }

  @inlinable
  func pass(from position: Int64, to end: Int64) -> Bool { processor.pass(from: position, to: end) }

  @inlinable
  func seal(into output: inout OutputBatch) -> Int64 {
    processor.seal(into: &output, lastCommand: lastCommand)
  }

  @inlinable
  func commit(checkpointOffset: Int64?) { processor.commit(checkpointOffset: checkpointOffset) }

  @inlinable var undrainedByteCount: Int { processor.undrainedByteCount }
  @inlinable var isDraining: Bool { processor.isDraining }

  @inlinable
  func takeDrain(
    _ body: (_ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?) -> Void
  ) -> DrainPosition { processor.takeDrain(body) }

  @inlinable
  func finishDrain() { processor.finishDrain() }

  @inlinable
  func failDrain() { processor.failDrain() }

  @inlinable
  func setObjectBytesMax(_ limit: Int) { processor.setObjectBytesMax(limit) }
}

extension CommandRecord {
  /// A view of a message of the commands topic.
  @inlinable @inline(always)
  @_lifetime(immortal)
  init(_ message: borrowing Message, headers: UnsafeBufferPointer<RecordHeader>) {
    self.init(
      unsafeKey: message.key, payload: message.value, headers: headers,
      position: CommandPosition(partition: message.partition, offset: message.offset),
      timestamp: message.timestamp)
  }
}

extension Rejection {
  /// Of a command whose headers the client cannot parse: its id and its expected version may be among them.
  @usableFromInline static let unreadableHeaders = Rejection(
    .malformed,
    "Expected headers that can be read, but they are damaged or more than 100,000. They are left out here.")

  /// Of a command whose processing ended the process several times.
  @usableFromInline static let crashed = Rejection(
    .deciderError,
    "The worker ended \(CrashGuard.attemptsMax) times in a row while the decider's code ran for this command."
  )
}
