import Sequitur
import SequiturFollower

/// An event as a projection reads it: from the valid topic, or parked in the database before.
public struct ProjectedEvent: Sendable {
  /// A header; nil for the null value.
  public struct Header: Sendable, Hashable {
    public let name: String
    public let value: [UInt8]?
  }

  /// Where headers are taken from when they are asked for.
  private enum Source {
    case record(FollowedRecord)
    case list([Header])
  }

  public let partition: Int32
  /// On the valid topic.
  public let offset: Int64
  /// The offset of its command on the commands topic.
  public let command: Int64
  /// The object key.
  public let key: [UInt8]
  /// The object version.
  public let version: UInt64
  /// Nil for an event without payload.
  let body: ArraySlice<UInt8>?
  /// The command's time, in milliseconds since 1970; -1 for none.
  public let timestamp: Int64
  private let source: Source

  /// Nil for an event without payload.
  public var payload: [UInt8]? { body.map { Array($0) } }

  /// In their order.
  public var headers: [Header] {
    switch source {
    case .list(let headers): headers
    case .record(let record):
      record.headers.map { Header(name: $0.name, value: $0.value.map { Array($0) }) }
    }
  }

  /// The event type.
  public var type: String { text("ce_type") ?? "" }
  /// The same for every reading of the event, and no other's.
  public var id: String { text("ce_id") ?? "" }

  /// The envelope's time, or else the record's.
  public var time: String {
    if let time = text("ce_time") { return time }
    var writer = ByteWriter()
    writer.append(rfc3339: max(0, timestamp))
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// Of a header that repeats the last one counts; nil when it is missing or null.
  public func header(_ name: String) -> [UInt8]? {
    switch source {
    case .list(let headers): headers.last { $0.name == name }?.value
    case .record(let record): record.header(name).map { Array($0) }
    }
  }

  private func text(_ name: String) -> String? {
    switch source {
    case .list: header(name).map { String(decoding: $0, as: UTF8.self) }
    case .record(let record): record.header(name).map { String(decoding: $0, as: UTF8.self) }
    }
  }
}

extension ProjectedEvent {
  init(_ record: FollowedRecord, of partition: Int32) {
    self.partition = partition
    offset = record.offset
    command = record.command ?? 0
    key = Array(record.key)
    version = record.version ?? 0
    body = record.value
    timestamp = record.timestamp
    source = .record(record)
  }

  init(
    partition: Int32, offset: Int64, command: Int64, key: [UInt8], version: UInt64, payload: [UInt8]?,
    timestamp: Int64, headers: [Header]
  ) {
    self.partition = partition
    self.offset = offset
    self.command = command
    self.key = key
    self.version = version
    body = payload.map { $0[...] }
    self.timestamp = timestamp
    source = .list(headers)
  }
}
