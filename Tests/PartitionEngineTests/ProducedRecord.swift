@testable import PartitionEngine

/// A record of an output batch that owns its bytes, to be compared and shown.
struct ProducedRecord: Hashable, CustomStringConvertible {
  struct Header: Hashable {
    let name: String
    let value: [UInt8]?
  }

  let topic: OutputTopic
  let partition: Int32
  let timestamp: Int64
  let key: [UInt8]
  let value: [UInt8]?
  let headers: [Header]
  let isCheckpoint: Bool

  /// The last header of this name, as text.
  subscript(_ name: String) -> String? {
    headers.last { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
  }

  var valueText: String? { value.map { String(decoding: $0, as: UTF8.self) } }

  /// All headers as `name=value`, sorted.
  var headerTexts: [String] {
    headers.map { "\($0.name)=\($0.value.map { String(decoding: $0, as: UTF8.self) } ?? "null")" }.sorted()
  }

  var description: String {
    "\(topic) \(String(decoding: key, as: UTF8.self)) \(valueText ?? "null") \(headerTexts)"
  }

  /// Everything that a batch holds.
  static func all(in batch: borrowing OutputBatch) -> [ProducedRecord] {
    var result: [ProducedRecord] = []
    for record in batch.records {
      var headers: [Header] = []
      for header in batch.headers(of: record) {
        headers.append(
          Header(name: text(batch.bytes(header.name)), value: header.value.map { array(batch.bytes($0)) }))
      }
      result.append(
        ProducedRecord(
          topic: record.topic, partition: record.partition, timestamp: record.timestamp,
          key: array(batch.bytes(record.key)), value: record.value.map { array(batch.bytes($0)) },
          headers: headers, isCheckpoint: record.isCheckpoint))
    }
    return result
  }
}
