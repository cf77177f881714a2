import KafkaClient

@testable import SequiturWorker

/// How far a bench's changelog goes, for those who read everything and for those who read what is committed.
struct ChangelogEnds: Sendable {
  private let topic: String
  private let partitions: Int32
  private let admin: KafkaAdmin
  private let reader: KafkaConsumer

  init(_ bench: KillBench) throws {
    topic = bench.bench.topics.changelog
    partitions = Int32(bench.bench.partitions)
    admin = try bench.bench.admin()
    reader = try KafkaConsumer(
      configuration: bench.bench.kafka.merging(["isolation.level": "read_committed"]),
      logger: bench.bench.log.logger)
  }

  /// The high watermarks, by partition.
  func all() throws -> [Int64] {
    try (0..<partitions).map {
      try admin.watermarks(topic: topic, partition: $0, timeout: .seconds(10)).high
    }
  }

  /// Whether a transaction is open on the changelog.
  func isTransactionOpen() throws -> Bool {
    try (0..<partitions).contains { partition in
      // In this order: a transaction that ends in between does not count.
      let high = try admin.watermarks(topic: topic, partition: partition, timeout: .seconds(10)).high
      return try reader.watermarks(topic: topic, partition: partition, timeout: .seconds(10)).high < high
    }
  }
}
