import Sequitur
import SequiturFollower

/// An event as a projection reads it: from the valid topic, or parked in the database before.
public struct ProjectedEvent: Sendable {
  /// A header; nil for the null value.
  public struct Header: Sendable, Hashable {
    public let name: String
    public let value: [UInt8]?
  }

  public let partition: Int32
  /// On the valid topic.
  public var offset: Int64 { record.offset }
  /// The offset of its command on the commands topic.
  public var command: Int64 { record.command ?? 0 }
  /// The object key.
  public var key: [UInt8] { Array(record.key) }
  /// The object version.
  public var version: UInt64 { record.version ?? 0 }
  /// The command's time, in milliseconds since 1970; -1 for none.
  public var timestamp: Int64 { record.timestamp }
  private let record: FollowedRecord

  /// Nil for an event without payload.
  public var payload: [UInt8]? { record.value.map { Array($0) } }

  /// In their order.
  public var headers: [Header] {
    record.headers.map { Header(name: $0.name, value: $0.value.map { Array($0) }) }
  }

  /// The event type.
  public var type: String { record.text("ce_type") ?? "" }
  /// The same for every reading of the event, and no other's.
  public var id: String { record.text("ce_id") ?? "" }

  /// The envelope's time, or else the record's.
  public var time: String { record.text("ce_time") ?? Self.text(ofTime: timestamp) }

  /// A moment as the envelope has it.
  static func text(ofTime timestamp: Int64) -> String {
    var writer = ByteWriter()
    writer.append(rfc3339: max(0, timestamp))
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// Of a header that repeats the last one counts; nil when it is missing or null.
  public func header(_ name: String) -> [UInt8]? { record.header(name).map { Array($0) } }
}

extension ProjectedEvent {
  init(_ record: FollowedRecord, of partition: Int32) {
    self.partition = partition
    self.record = record
  }

  init(
    partition: Int32, offset: Int64, command: Int64, key: [UInt8], version: UInt64, payload: [UInt8]?,
    timestamp: Int64, headers: [Header]
  ) {
    self.partition = partition
    var batch = FollowBatch()
    batch.append(
      offset: offset, timestamp: timestamp, command: command, version: version, key: key, value: payload,
      headers: headers.map { ($0.name, $0.value) })
    record = batch[0]
  }

  /// Lends the event as a record of a batch of its own.
  func withLentRecord<Result, Failure: Error>(
    _ body: (LentRecord) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try record.withLentRecord(body)
  }
}
