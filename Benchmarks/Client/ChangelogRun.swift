import Foundation
import KafkaClient
import Logging

/// Writes a changelog of `--objects` objects with states of `--state` bytes, in transactions as a worker makes them:
/// states, then a checkpoint.
struct ChangelogRun {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws {
    let partitions = options.number("partitions", 4)
    let count = options.number("objects", 1_000_000) / partitions
    for partition in 0..<partitions { try write(Int32(partition), of: partitions, count) }
  }

  private func write(_ partition: Int32, of partitions: Int, _ count: Int) throws {
    let logger = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
    let name = options.text("outputs") + "-changelog"
    let producer = try TransactionalProducer(
      configuration: [
        "bootstrap.servers": options.text("bootstrap"), "transactional.id": "\(name)-\(partition)",
        "linger.ms": "5", "batch.size": "1000000", "queue.buffering.max.messages": "1000000",
      ], logger: logger)
    try producer.initTransactions(timeout: .seconds(60))
    let topic = try producer.topic(name)
    let state = Array(String(repeating: "s", count: options.number("state", 64)).utf8)
    for start in stride(from: 0, to: count, by: 20_000) {
      try producer.begin()
      let end = min(start + 20_000, count)
      for index in start..<end {
        try produce(
          producer, topic, partition, Array("object-\(partition)-\(index)".utf8), state, [("v", "1")])
      }
      try produce(
        producer, topic, partition, [],
        Array(#"{"format":1,"position":\#(end),"partitions":\#(partitions)}"#.utf8),
        [
          ("incarnation", "7"), ("application", options.text("application")),
          ("commands-topic", options.text("topic")),
        ])
      try producer.flush(timeout: .seconds(120))
      try producer.commit(timeout: .seconds(60))
    }
  }

  private func produce(
    _ producer: TransactionalProducer, _ topic: ProducerTopic, _ partition: Int32, _ key: [UInt8],
    _ value: [UInt8], _ headers: [(String, String)]
  ) throws {
    // An empty array may have no address, and a key without one would be null.
    try (key + [0]).withUnsafeBytes { key in
      try value.withUnsafeBytes { value in
        while true {
          var list = HeaderList(capacity: headers.count)
          for (name, value) in headers { list.add(name: name, value: value) }
          do {
            return try producer.produce(
              topic: topic, partition: partition, key: UnsafeRawBufferPointer(rebasing: key.dropLast()),
              value: value, headers: list)
          } catch let error as KafkaError where error.code == .queueFull {
            producer.poll(timeout: .milliseconds(10))
          }
        }
      }
    }
  }
}
