import Glibc
import KafkaClient
import Logging

/// Sends commands at an even rate to every partition, and prints when each outcome could be read: one line an outcome,
/// `<partition> <seconds of CLOCK_MONOTONIC>`. What happens to the workers meanwhile is the caller's business.
struct ObserveRun {
  private let options: Options
  private let partitions: Int

  init(_ options: Options) {
    self.options = options
    partitions = options.number("partitions", 4)
  }

  func run() throws {
    let logger = Logger(label: "observe")
    let base: KafkaConfiguration = ["bootstrap.servers": options.text("bootstrap")]
    let producer = try KafkaProducer(configuration: base, logger: logger)
    let topic = try producer.topic(options.text("topic"))
    let consumer = try KafkaConsumer(
      configuration: base.merging([
        "isolation.level": "read_committed", "auto.offset.reset": "earliest", "fetch.wait.max.ms": "5",
      ]), logger: logger)
    let valid = options.text("outputs") + "-valid"
    try consumer.assign(
      (0..<partitions).map { TopicPartitionOffset(topic: valid, partition: Int32($0), offset: 0) })

    let (rate, seconds) = (options.real("rate", 400), options.real("seconds", 10))
    var batch = MessageBatch(capacity: 1000)
    let start = Self.now
    var sent = 0
    while Self.now - start < seconds {
      while Double(sent) < (Self.now - start) * rate {
        try send(sent, by: producer, to: topic)
        sent += 1
      }
      producer.poll()
      consumer.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(2))
      let time = Self.now
      for index in 0..<batch.count where batch[index].isRecord { print(batch[index].partition, time) }
      fflush(nil)
    }
  }

  /// Deposits on one account a partition.
  private func send(_ index: Int, by producer: KafkaProducer, to topic: ProducerTopic) throws {
    let partition = Int32(index % partitions)
    let key = Array("account-\(partition)".utf8)
    let value = Array(#"{"type":"deposit","amount":1,"note":"n"}"#.utf8)
    try key.withUnsafeBytes { key in
      try value.withUnsafeBytes { value in
        try producer.produce(topic: topic, partition: partition, key: key, value: value)
      }
    }
  }

  private static var now: Double { Usage.now.seconds }
}
