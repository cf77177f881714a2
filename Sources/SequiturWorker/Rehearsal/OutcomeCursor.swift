import KafkaClient
import Logging
import Sequitur

/// Goes through a partition's outcomes of one kind, which come in the order of their commands.
///
/// Thread rule: one thread. Blocks.
final class OutcomeCursor {
  enum Kind { case events, rejections }

  /// How many records are read one after the other rather than to ask for one in the middle of them.
  private static let searchRecordsMin: Int64 = 2_000

  let kind: Kind
  private let records: RecordCursor
  /// `<commands topic>/`, with which the position of each of our outcomes begins.
  private let prefix: [UInt8]

  /// The command whose outcome it stands at; beyond all offsets behind the last one.
  private(set) var command = Int64.max
  /// Of that outcome: the events' type, or the rejection's code. As long as the cursor does not move.
  private(set) var name = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var value: UnsafeRawBufferPointer?
  /// The object's version before the command; `nil` where the outcome does not tell.
  private(set) var versionBefore: UInt64?
  private(set) var reason = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Of an event the command's time; of a rejection when it was written, unless it tells its command's.
  private(set) var timestamp: Int64 = -1
  /// Passes over the records of other keys.
  var onlyKey: [UInt8]?
  /// Records that are no outcomes of the application's commands in this partition.
  private(set) var strays = 0

  init(
    _ kind: Kind, topic: String, commandsTopic: String, kafka: KafkaConfiguration, logger: Logger
  ) throws(KafkaError) {
    self.kind = kind
    records = try RecordCursor(topic: topic, kafka: kafka, logger: logger)
    prefix = Array("\(commandsTopic)/".utf8)
  }

  /// Begins with a partition, at the first outcome of a command from `start` on.
  ///
  /// - Parameter bounds: the topic's, the end as far as it is to be read.
  func open(_ partition: Int32, from start: Int64, _ bounds: Watermarks) throws(KafkaError) {
    strays = 0
    let low = start == 0 ? bounds.low : try firstOffset(partition, from: start, bounds)
    try records.open(partition, from: low, to: bounds.high)
    repeat { try advance() } while command < start
  }

  /// Goes to the next outcome.
  func advance() throws(KafkaError) {
    while try records.advance() {
      if let onlyKey, !records.withRecord({ $0.key?.elementsEqual(onlyKey) ?? false }) { continue }
      if records.withRecord({ read($0) }) { return }
      strays += 1
    }
    command = .max
  }

  /// Halves what is before the first outcome of a command from `start` on, until little is left of it.
  private func firstOffset(
    _ partition: Int32, from start: Int64, _ bounds: Watermarks
  ) throws(KafkaError) -> Int64 {
    var (low, high) = bounds
    while high - low > Self.searchRecordsMin {
      let middle = low + (high - low) / 2
      try records.open(partition, from: middle, to: high)
      try advance()
      if command < start { low = middle } else { high = middle }
    }
    return low
  }

  /// Takes in what the record says; false when it is no outcome of ours.
  private func read(_ record: borrowing Message) -> Bool {
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    var (position, version) = (empty, empty)
    (name, reason, value, timestamp) = (empty, empty, record.value, record.timestamp)
    // A rejection has its command's headers first: of each name the last one counts.
    _ = record.forEachHeader { header, content in
      let header = RecordHeader(name: header, value: content)
      guard let content else { return }
      switch kind {
      case .events:
        switch header.name.count {
        case 5 where header.isNamed("ce_id"): position = content
        case 7 where header.isNamed("ce_type"): name = content
        case 11 where header.isNamed("ce_sequence"): version = content
        default: break
        }
      case .rejections:
        switch header.name.count {
        case 14 where header.isNamed("rejection-code"): name = content
        case 14 where header.isNamed("object-version"): version = content
        case 16 where header.isNamed("rejection-reason"): reason = content
        case 16 where header.isNamed("command-position"): position = content
        case 17 where header.isNamed("command-timestamp"):
          timestamp = Self.number(content[...]).flatMap { Int64(exactly: $0) } ?? timestamp
        default: break
        }
      }
    }
    guard let command = commandOffset(position, in: record.partition) else { return false }
    self.command = command
    let number = Self.number(version[...])
    versionBefore = kind == .rejections ? number : number.flatMap { $0 > 0 ? $0 - 1 : nil }
    return true
  }

  /// The offset in `<commands topic>/<partition>/<offset>`, and of an event `/<index>`.
  private func commandOffset(_ position: UnsafeRawBufferPointer, in partition: Int32) -> Int64? {
    guard position.count > prefix.count, position.prefix(prefix.count).elementsEqual(prefix) else {
      return nil
    }
    var rest = position.dropFirst(prefix.count)
    if kind == .events {
      guard let slash = rest.lastIndex(of: UInt8(ascii: "/")) else { return nil }
      rest = rest[..<slash]
    }
    guard let slash = rest.firstIndex(of: UInt8(ascii: "/")), Self.number(rest[..<slash]) == UInt64(partition)
    else { return nil }
    return Self.number(rest[(slash + 1)...]).flatMap { Int64(exactly: $0) }
  }

  private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt64? {
    guard 1...19 ~= digits.count else { return nil }
    var number: UInt64 = 0
    for byte in digits {
      guard 48...57 ~= byte else { return nil }
      number = number &* 10 &+ UInt64(byte &- 48)
    }
    return number
  }
}
