import Foundation
import KafkaClient
import TestBroker

/// A record as a `read_committed` consumer sees it.
struct Record: Sendable {
  var partition: Int32
  var offset: Int64
  var timestamp: Int64
  var key: [UInt8]?
  var value: [UInt8]?
  var headers: [(name: String, value: [UInt8]?)]

  /// - Parameter positionOnly: leaves out key, value and headers, which cost the most.
  init(_ message: borrowing Message, positionOnly: Bool) {
    partition = message.partition
    offset = message.offset
    timestamp = message.timestamp
    headers = []
    guard !positionOnly else { return }
    key = message.key.map { Array($0) }
    value = message.value.map { Array($0) }
    var headers: [(name: String, value: [UInt8]?)] = []
    headers.reserveCapacity(12)
    _ = message.forEachHeader { name, value in
      headers.append((String(decoding: name, as: UTF8.self), value.map { Array($0) }))
    }
    self.headers = headers
  }

  /// The text of a header that stands once.
  func text(_ name: String) -> String? {
    var found: [UInt8]?
    for header in headers where header.name == name {
      guard found == nil, let value = header.value else { return nil }
      found = value
    }
    return found.map { String(decoding: $0, as: UTF8.self) }
  }
}

extension Application {
  /// All committed records of a topic, partition by partition.
  func read(_ topic: String, positionsOnly: Bool = false) async throws -> [Record] {
    try await onThread { [self] in
      let consumer = try KafkaConsumer(
        configuration: [
          "bootstrap.servers": bootstrap, "isolation.level": "read_committed", "enable.partition.eof": "true",
          "auto.offset.reset": "error",
        ], logger: quiet)
      try consumer.assign(
        (0..<Int32(partitions)).map { TopicPartitionOffset(topic: topic, partition: $0, offset: 0) })
      var records = [[Record]](repeating: [], count: partitions)
      var ended: Set<Int32> = []
      var batch = MessageBatch(capacity: 1000)
      let deadline = ContinuousClock.now + .seconds(60)
      while ended.count < partitions {
        guard ContinuousClock.now < deadline else {
          throw TimedOut(what: "the end of all partitions of \(topic)", after: .seconds(60))
        }
        consumer.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(20))
        for index in 0..<batch.count {
          let message = batch[index]
          if message.isRecord {
            records[Int(message.partition)].append(Record(message, positionOnly: positionsOnly))
          }
          if message.isEndOfPartition { ended.insert(message.partition) }
        }
      }
      return records.flatMap { $0 }
    }
  }
}
