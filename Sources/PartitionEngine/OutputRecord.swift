/// The topic that an output goes to; always to the same partition number as its command.
@frozen
public enum OutputTopic: UInt8, Sendable {
  case valid, invalid, changelog
}

/// One record of an ``OutputBatch``, as ranges of its arena.
@frozen
public struct OutputRecord: Sendable {
  public let topic: OutputTopic
  public let partition: Int32
  /// Milliseconds since 1970-01-01T00:00:00Z: the command's.
  public let timestamp: Int64
  public let key: ByteRange
  /// `nil` for a null value.
  public let value: ByteRange?
  @usableFromInline let headers: Range<Int32>
  /// Whether this is the partition's checkpoint, the last record of the partition in its transaction.
  public let isCheckpoint: Bool

  @usableFromInline
  init(
    topic: OutputTopic, partition: Int32, timestamp: Int64, key: ByteRange, value: ByteRange?,
    headers: Range<Int32>, isCheckpoint: Bool = false
  ) {
    self.topic = topic
    self.partition = partition
    self.timestamp = timestamp
    self.key = key
    self.value = value
    self.headers = headers
    self.isCheckpoint = isCheckpoint
  }
}

/// One header of an ``OutputRecord``.
@frozen
public struct OutputHeader: Sendable {
  public let name: ByteRange
  /// `nil` for a null value.
  public let value: ByteRange?

  @usableFromInline
  init(name: ByteRange, value: ByteRange?) {
    self.name = name
    self.value = value
  }
}
