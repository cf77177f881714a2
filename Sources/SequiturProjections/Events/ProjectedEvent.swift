import Sequitur
import SequiturFollower

/// An event as a projection reads it: from the valid topic, or parked in the database before.
struct ProjectedEvent: Sendable, Hashable {
  /// A header; nil for the null value.
  struct Header: Sendable, Hashable {
    let name: String
    let value: [UInt8]?
  }

  let partition: Int32
  let offset: Int64
  /// The offset of its command on the commands topic.
  let command: Int64
  let key: [UInt8]
  let version: UInt64
  /// Nil for an event without payload.
  let payload: [UInt8]?
  let timestamp: Int64
  let headers: [Header]

  var type: String { text("ce_type") ?? "" }
  var id: String { text("ce_id") ?? "" }

  /// The envelope's time, or else the record's.
  var time: String {
    if let time = text("ce_time") { return time }
    var writer = ByteWriter()
    writer.append(rfc3339: max(0, timestamp))
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// Of a header that repeats the last one counts.
  func header(_ name: String) -> [UInt8]? { headers.last { $0.name == name }?.value }

  private func text(_ name: String) -> String? { header(name).map { String(decoding: $0, as: UTF8.self) } }
}

extension ProjectedEvent {
  init(_ record: FollowedRecord, of partition: Int32) {
    self.init(
      partition: partition, offset: record.offset, command: record.command ?? 0, key: Array(record.key),
      version: record.version ?? 0, payload: record.value.map { Array($0) }, timestamp: record.timestamp,
      headers: record.headers.map { Header(name: $0.name, value: $0.value.map { Array($0) }) })
  }
}
