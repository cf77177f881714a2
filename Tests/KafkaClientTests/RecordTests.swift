import KafkaClient
import Testing

extension KafkaClientTests {
  @Suite struct Records {
    let broker: EmbeddedBroker
    let configuration: KafkaConfiguration

    init() throws {
      broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 2)
      configuration = ["bootstrap.servers": broker.bootstrapServers]
    }

    func reader(_ positions: [TopicPartitionOffset]) throws -> KafkaConsumer {
      let consumer = try KafkaConsumer(
        configuration: configuration.merging(["enable.partition.eof": "true"]), logger: quiet)
      try consumer.assign(positions)
      return consumer
    }

    @Test func `keys, values and headers arrive as sent, empty and null ones too`() throws {
      let producer = try KafkaProducer(configuration: configuration, logger: quiet)
      var headers = HeaderList(capacity: 4)
      headers.add(name: "first", value: "1")
      "second".utf8CString.withUnsafeBytes {
        headers.add(name: UnsafeRawBufferPointer(rebasing: $0.dropLast()), value: nil)
      }
      headers.add(name: StaticString("first"), value: UnsafeRawBufferPointer(start: nil, count: 0))
      headers.add(name: "", value: "nameless")
      #expect(headers.count == 4)
      let shared = headers.copy()
      try producer.send("t", key: "k", value: "v", headers: headers, timestamp: 1234)
      try producer.send("t", key: "", value: "")
      try producer.send("t", key: nil, value: nil, headers: shared)
      try producer.flush(timeout: .seconds(10))
      #expect(producer.pendingCount == 0)

      let reader = try reader([TopicPartitionOffset(topic: "t", partition: 0, offset: 0)])
      let received = reader.mainQueue.takeToEnd()
      #expect(received.map(\.key) == ["k", "", nil, nil])
      #expect(received.map(\.value) == ["v", "", nil, nil])
      let sent = ["first=1", "second=<null>", "first=", "=nameless"]
      #expect(received.map(\.headers) == [sent, [], sent, []])
      #expect(received[0].timestamp == 1234)
      #expect(received.map(\.offset) == [0, 1, 2, 3])
      #expect(received.map(\.isEnd) == [false, false, false, true])
      #expect(received.allSatisfy { $0.error == nil && $0.topic == "t" })
    }

    @Test func `the end of an empty partition has the offset the reader stands at`() throws {
      let reader = try reader([TopicPartitionOffset(topic: "t", partition: 1, offset: 0)])
      let received = reader.mainQueue.takeToEnd()
      #expect(received.map(\.offset) == [0])
      #expect(received[0].partition == 1)
    }

    @Test func `a batch is refilled, bounded and keeps its client alive`() throws {
      let producer = try KafkaProducer(configuration: configuration, logger: quiet)
      for value in 0..<10 { try producer.send("t", value: "\(value)") }
      try producer.flush(timeout: .seconds(10))
      var batch = MessageBatch(capacity: 4)
      var values: [String] = []
      do {
        let reader = try reader([TopicPartitionOffset(topic: "t", partition: 0, offset: 0)])
        let done = poll {
          reader.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(100))
          let count = batch.count
          #expect(count <= 4)
          for index in 0..<batch.count where batch[index].isRecord {
            let handle = batch[index].topicHandle
            #expect(handle != nil)
            batch.withMessage(at: index) { values.append(Received($0).value ?? "") }
          }
        } until: {
          values.count >= 8
        }
        #expect(done)
      }
      #expect(values.prefix(8) == ["0", "1", "2", "3", "4", "5", "6", "7"])
      batch.removeAll()
      let isEmpty = batch.isEmpty
      #expect(isEmpty)
    }

    @Test func `tagged records are reported with partition and offset, others are not`() throws {
      let reports = Recorder<DeliveryReport>()
      let producer = try KafkaProducer(configuration: configuration, logger: quiet) { reports.add($0) }
      try producer.send("t", partition: 1, value: "a")
      try producer.send("t", partition: 1, value: "b", tag: 7)
      try producer.flush(timeout: .seconds(10))
      #expect(reports.all.map(\.tag) == [7])
      #expect(reports.all.map(\.partition) == [1])
      #expect(reports.all.map(\.offset) == [1])
      #expect(reports.all[0].error == nil)
    }

    @Test func `a full producer queue is waited for`() throws {
      let producer = try KafkaProducer(
        configuration: configuration.merging(["queue.buffering.max.messages": "10"]), logger: quiet)
      for value in 0..<200 { try producer.send("t", value: "\(value)") }
      try producer.flush(timeout: .seconds(10))
      let high = try KafkaAdmin(configuration: configuration, logger: quiet)
        .watermarks(topic: "t", partition: 0, timeout: .seconds(10)).high
      #expect(high == 200)
    }

    @Test func `the partitioner is the Java client's`() throws {
      let reports = Recorder<DeliveryReport>()
      let producer = try KafkaProducer(configuration: configuration, logger: quiet) { reports.add($0) }
      let topic = try producer.topic("t")
      let keys: [StaticString] = ["21", "foobar", "abc"]
      for (index, key) in keys.enumerated() {
        let key = UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        try producer.produce(topic: topic, key: key, value: nil, tag: UInt(index + 1))
      }
      try producer.flush(timeout: .seconds(10))
      // Hashes from Kafka's own UtilsTest.testMurmur2: -973932308, -790332482, 479470107.
      let hashes: [Int32] = [-973_932_308, -790_332_482, 479_470_107]
      #expect(
        reports.all.sorted { $0.tag < $1.tag }.map(\.partition) == hashes.map { ($0 & Int32.max) % 2 })
    }
  }
}
