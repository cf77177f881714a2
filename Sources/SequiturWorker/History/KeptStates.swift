import KafkaClient
import PartitionEngine
import Sequitur

/// What an object was after a command.
struct ObjectAfter {
  /// The `ObjectRecord`; `nil`: it does not exist.
  let record: [UInt8]?

  func state(isKept: Bool) -> HistoryEntry.State? {
    record?.withUnsafeBytes { bytes in
      let object = ObjectRecord(bytes)
      return HistoryEntry.State(
        bytes: Array(object.state), schemaVersion: object.schemaVersion, isKept: isKept)
    }
  }
}

/// The states of one object that a changelog keeps, each with the commands that its transaction stood for.
///
/// ```
/// checkpoint 100 ── state, version 7 ── state of others ── checkpoint 120
///                   the object after one of the commands 100 to 119
/// ```
struct KeptStates {
  /// Beyond it the oldest are left out.
  private static let bytesMax = 64 << 20

  private struct Kept {
    let after: ObjectAfter
    let version: UInt64?
    /// The position of the checkpoint before, and of the one behind.
    let start: Int64
    var end = Int64.max
  }

  private var kept: [Kept] = []
  private var next = 0
  private var byteCount = 0
  /// Of the last checkpoint: commands from here on are not decided.
  private(set) var position: Int64 = 0

  init(
    of key: [UInt8], _ partition: Int32, _ bounds: Watermarks, _ records: RecordCursor,
    _ owner: ChangelogOwner
  ) throws {
    try records.open(partition, from: bounds.low, to: bounds.high)
    var decoder = ChangelogDecoder()
    var open = 0
    while try records.advance() {
      let content = try records.withRecord { message in try Self.content(message, of: key, &decoder, owner) }
      switch content {
      case nil: continue
      case .checkpoint(let checkpoint):
        position = checkpoint.position
        for index in open..<kept.count { kept[index].end = checkpoint.position }
        open = kept.count
      case .object:
        let object = decoder.object.bytes
        let record = Array(object)
        add(
          Kept(after: ObjectAfter(record: record), version: ObjectRecord(object).version, start: position))
        byteCount += record.count
      case .grave, .forgotten:
        add(Kept(after: ObjectAfter(record: nil), version: nil, start: position))
      }
      if byteCount > Self.bytesMax {
        let dropped = kept.removeFirst()
        byteCount -= dropped.after.record?.count ?? 0
        open = max(0, open - 1)
      }
    }
  }

  private mutating func add(_ one: Kept) { kept.append(one) }

  private static func content(
    _ message: borrowing Message, of key: [UInt8], _ decoder: inout ChangelogDecoder, _ owner: ChangelogOwner
  ) throws -> ChangelogRecord.Content? {
    guard let found = message.key, found.isEmpty || found.elementsEqual(key) else { return nil }
    let content = try decoder.decode(message)
    if case .checkpoint = content {
      try owner.check(checkpoint: decoder.headers, message.partition, message.offset)
    }
    return content
  }

  /// What the object was after the command at an offset, whose last event made a version; nil when that is not kept. Asked
  /// for in the commands' order.
  ///
  /// - Parameter nextEvent: the command of the object's next event.
  mutating func state(after offset: Int64, version: UInt64, nextEvent: Int64) -> ObjectAfter? {
    while next < kept.count, kept[next].end <= offset { next += 1 }
    for one in kept[next...] {
      guard one.start <= offset else { return nil }
      // A transaction has one record of the object: what it was at the end.
      if one.version == version { return one.after }
      if one.version == nil, nextEvent >= one.end { return one.after }
    }
    return nil
  }
}
