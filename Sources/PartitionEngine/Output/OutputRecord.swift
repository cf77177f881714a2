/// The topic that an output goes to; always to the same partition number as its command.
@frozen
public enum OutputTopic: UInt8, Sendable, BitwiseCopyable {
  case valid, invalid, changelog
}

/// One record of an ``OutputBatch``, as ranges of its arena.
@frozen
public struct OutputRecord: Sendable, BitwiseCopyable {
  public let topic: OutputTopic
  public let partition: Int32
  /// Milliseconds since 1970-01-01T00:00:00Z: of an event the command's when it has one, of others
  /// ``timeOfWriting``.
  public let timestamp: Int64
  /// What Kafka's clients take for "now" when they are handed a record.
  ///
  /// Retention counts from it: a rejection of a command of last month is kept as long as any other, and a tombstone on the
  /// changelog is there for as long as a store may be away. The engine has no clock and needs none.
  public static let timeOfWriting: Int64 = 0
  public let key: ByteRange
  /// `nil` for a null value.
  public let value: ByteRange?
  private let firstHeader: Int32
  private let endOfHeaders: Int32
  /// Its headers' places among those of the batch.
  var headers: Range<Int> { Int(firstHeader)..<Int(endOfHeaders) }
  /// Whether this is the partition's checkpoint, the last record of the partition in its transaction.
  public let isCheckpoint: Bool

  /// - Parameters:
  ///   - first: its first header's place among those of the batch.
  ///   - end: the place behind its last one. 32 bits, like the places in the arena.
  init(
    topic: OutputTopic, partition: Int32, timestamp: Int64, key: ByteRange, value: ByteRange?,
    headers first: Int, to end: Int, isCheckpoint: Bool = false
  ) {
    assert(0...end ~= first)
    self.topic = topic
    self.partition = partition
    self.timestamp = timestamp
    self.key = key
    self.value = value
    firstHeader = Int32(truncatingIfNeeded: first)
    endOfHeaders = Int32(truncatingIfNeeded: end)
    self.isCheckpoint = isCheckpoint
  }
}

/// One header of an ``OutputRecord``.
@frozen
public struct OutputHeader: Sendable, BitwiseCopyable {
  public let name: ByteRange
  private var place: ByteRange

  /// `nil` for a null value.
  public internal(set) var value: ByteRange? {
    get { place.count == Self.nullCount ? nil : place }
    set { place = newValue ?? ByteRange(nullAt: name.offset, count: Self.nullCount) }
  }

  /// No value is as long: records are far below 4 GiB. An optional would make the header a fifth larger.
  private static var nullCount: UInt32 { .max }

  @inline(__always)
  mutating func setValue(_ value: ByteRange) { place = value }

  /// What a header that has a value takes in a record.
  var byteCount: Int { Int(name.count) &+ Int(place.count) &+ OutputBatch.headerFramingBytes }

  @inline(__always)
  init(name: ByteRange, value: ByteRange) {
    self.name = name
    place = value
  }

  init(nullNamed name: ByteRange) {
    self.name = name
    place = ByteRange(nullAt: name.offset, count: Self.nullCount)
  }
}
