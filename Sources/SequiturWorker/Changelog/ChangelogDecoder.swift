import KafkaClient
import PartitionEngine
import Sequitur

/// Decodes records of a changelog as they come from Kafka, one after the other.
///
/// Thread rule: one thread.
package struct ChangelogDecoder: ~Copyable {
  /// The last record's ``ObjectRecord``, when it was an object or a grave; valid until the next one.
  package private(set) var object = ByteWriter(capacity: 4096)
  /// The last record's, valid as long as its message.
  private(set) var headers: [RecordHeader] = []

  package init() {}

  /// - Throws: `RestoreFault.unreadableRecord`.
  package mutating func decode(_ message: borrowing Message) throws(RestoreFault) -> ChangelogRecord.Content {
    headers.removeAll(keepingCapacity: true)
    guard message.forEachHeader({ headers.append(RecordHeader(name: $0, value: $1)) }) else {
      throw .unreadableRecord(offset: message.offset, reason: "its headers cannot be parsed")
    }
    object.truncate(to: 0)
    do throws(ChangelogRecord.Fault) {
      return try headers.withUnsafeBufferPointer { headers throws(ChangelogRecord.Fault) in
        try ChangelogRecord.decode(key: message.key, value: message.value, headers: headers, into: &object)
      }
    } catch {
      throw .unreadableRecord(offset: message.offset, reason: error.description)
    }
  }
}
