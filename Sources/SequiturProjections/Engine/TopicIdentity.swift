import KafkaClient
import Logging
import SequiturTopics

/// Whether the valid topic is still the one that a position was taken from.
enum TopicIdentity {
  /// Looks for the event that was applied last: it must stand where it stood, unless retention has taken it.
  ///
  /// - Throws: ``ProjectionFailure`` for another topic of the same name; `KafkaError` where it cannot be told. Blocks.
  static func check(
    _ position: ProjectionPosition, _ partition: Int32, _ configuration: ProjectorConfiguration
  ) throws {
    guard let offset = position.lastOffset else { return }
    let topic = configuration.topics.valid
    let admin = try KafkaAdmin(configuration: configuration.kafka, logger: configuration.logger)
    let bounds = try admin.watermarks(topic: topic, partition: partition, timeout: KafkaLimits.call)
    guard offset >= bounds.low else { return }
    guard offset < bounds.high else {
      throw refused(topic, partition, offset, "it ends at offset \(bounds.high)")
    }
    var scan = try PartitionScan(
      of: topic, partition: partition, from: offset, to: offset + 1, isolation: .committed,
      silenceMax: KafkaLimits.call, kafka: configuration.kafka, logger: configuration.logger)
    var found: (id: String, timestamp: Int64)?
    while !scan.isAtEnd {
      try step(&scan, topic, partition) { message in
        guard message.offset == offset else { return }
        var id = ""
        _ = message.forEachHeader { name, value in
          guard name.elementsEqual("ce_id".utf8), let value else { return }
          id = String(decoding: value, as: UTF8.self)
        }
        found = (id, message.timestamp)
      }
    }
    guard let found else { throw refused(topic, partition, offset, "no committed event stands there") }
    guard found.id == position.lastID, found.timestamp == position.lastTimestamp else {
      throw refused(topic, partition, offset, "\(found.id) stands there")
    }
  }

  /// A broker that is silent is waited for, as everywhere.
  private static func step(
    _ scan: inout PartitionScan, _ topic: String, _ partition: Int32,
    _ body: (borrowing Message) throws -> Void
  ) throws {
    do {
      try scan.step(body)
    } catch let standstill as PartitionScan.Standstill {
      throw KafkaError(
        code: .timedOut, operation: "read the event that was applied last",
        detail: standstill.lastError?.detail ?? "nothing came for \(KafkaLimits.call)", topic: topic,
        partition: partition, isRetriable: true)
    }
  }

  private static func refused(
    _ topic: String, _ partition: Int32, _ offset: Int64, _ found: String
  ) -> ProjectionFailure {
    ProjectionFailure(
      .configuration,
      "Expected \(topic)/\(partition) to have the event at offset \(offset) that was applied last, but \(found): the topic was "
        + "deleted and created again. Begin again with `sequitur project reset`.")
  }
}
