import KafkaClient
import Logging
import PartitionEngine
import RocksDB
import Sequitur

/// Reads a partition's changelog in step with its commands, so that the store knows what objects were at each checkpoint.
///
/// Thread rule: one thread. Blocks.
final class StateReplay {
  /// Bytes of states that wait for their checkpoint. Beyond it they are written before, and their objects are unknown until
  /// it is passed: of a compacted stretch, which has no checkpoints of its own.
  private static let batchBytesMax = 16 << 20

  private let records: RecordCursor
  private let store: RehearsalStore
  /// The first command of the range.
  private let start: Int64
  /// Whether a checkpoint behind the start was passed. What an object was there holds until a command comes for it, and from
  /// then on the rehearsal knows better: only objects that were met before, unknown, need more of the changelog.
  private var isStarted = false
  private var batch: WriteBatch
  private var decoder = ChangelogDecoder()
  /// The checkpoint that was read and is not passed.
  private var next: (position: Int64, offset: Int64)?
  private var isAtEnd = false

  init(
    _ range: RehearsalReport.Range, _ bounds: Watermarks, _ records: RecordCursor,
    into store: RehearsalStore
  ) throws {
    self.records = records
    start = range.start
    self.store = store
    batch = try store.makeBatch()
    try records.open(range.partition, from: bounds.low, to: bounds.high)
  }

  /// Puts the states that stand for the commands below an offset, as far as they are of interest.
  /// - Throws: `KafkaError`, `RocksDBError`, `RestoreFault.unreadableRecord`.
  func catchUp(to offset: Int64) throws {
    while !isAtEnd {
      if let read = next {
        guard read.position <= offset else { return }
        try store.write(&batch)
        batch.clear()
        store.pass(position: read.position, offset: read.offset)
        isStarted = isStarted || read.position > start
        next = nil
      }
      if isStarted, !store.hasUnknown { return }
      next = try readToCheckpoint()
      isAtEnd = next == nil
    }
  }

  private func readToCheckpoint() throws -> (position: Int64, offset: Int64)? {
    while try records.advance() {
      if let checkpoint = try records.withRecord({ record in try take(record) }) { return checkpoint }
      if batch.byteCount > Self.batchBytesMax {
        try store.write(&batch)
        batch.clear()
      }
    }
    return nil
  }

  private func take(_ message: borrowing Message) throws -> (position: Int64, offset: Int64)? {
    let content = try decoder.decode(message)
    guard let key = message.key else { return nil }
    if isStarted, !key.isEmpty, !store.isUnknown(key) { return nil }
    switch content {
    case .checkpoint(let checkpoint): return (checkpoint.position, message.offset)
    case .object, .grave: try store.putState(key, decoder.object.bytes, at: message.offset, in: &batch)
    case .forgotten: try store.putState(key, nil, at: message.offset, in: &batch)
    }
    return nil
  }

  /// The last checkpoint of a partition; nil when there is none.
  /// - Throws: ``RehearsalFault`` when it is of other commands; `RestoreFault.unreadableRecord`; `KafkaError`.
  static func lastCheckpoint(
    _ partition: Int32, _ bounds: Watermarks, _ records: RecordCursor, _ owner: ChangelogOwner
  ) throws -> CheckpointRecord? {
    var decoder = ChangelogDecoder()
    var span: Int64 = 1_000
    while true {
      let start = max(bounds.low, bounds.high - span)
      try records.open(partition, from: start, to: bounds.high)
      var last: CheckpointRecord?
      while try records.advance() {
        last = try records.withRecord { record in try checkpoint(record, &decoder, owner) } ?? last
      }
      if last != nil || start == bounds.low { return last }
      span *= 16
    }
  }

  private static func checkpoint(
    _ message: borrowing Message, _ decoder: inout ChangelogDecoder, _ owner: ChangelogOwner
  ) throws -> CheckpointRecord? {
    guard let key = message.key, key.isEmpty,
      case .checkpoint(let checkpoint) = try decoder.decode(message)
    else { return nil }
    try owner.check(checkpoint: decoder.headers, message.partition, message.offset)
    return checkpoint
  }
}
