import Foundation
import KafkaClient
import Testing

extension KafkaClientTests {
  @Suite struct Queues {
    let broker: EmbeddedBroker
    let configuration: KafkaConfiguration
    let consumer: KafkaConsumer

    init() throws {
      broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 2)
      configuration = ["bootstrap.servers": broker.bootstrapServers]
      consumer = try KafkaConsumer(
        configuration: configuration.merging(["enable.partition.eof": "true"]), logger: quiet)
    }

    func fill(_ count: Int) throws {
      let producer = try KafkaProducer(configuration: configuration, logger: quiet)
      for value in 0..<count {
        try producer.send("t", partition: 0, value: "\(value)")
        try producer.send("t", partition: 1, value: "\(value)")
      }
      try producer.flush(timeout: .seconds(10))
    }

    @Test func `a gate holds back what was fetched until it opens`() throws {
      for _ in 0..<3 { try fill(5) }
      let (arrived, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
      let consumer = try KafkaConsumer(
        configuration: configuration, logger: quiet,
        fetchGate: { _ in
          arrived.signal()
          gate.wait()
        })
      // The gate must be open when the client is dropped.
      defer { for _ in 0..<100 { gate.signal() } }
      let queue = try consumer.partitionQueue(topic: "t", partition: 0)
      try consumer.assign([TopicPartitionOffset(topic: "t", partition: 0, offset: 0)])
      // The embedded broker answers with a batch at a time. While one is held, those before it are all there.
      var next: Int64 = 0
      var batch = MessageBatch(capacity: 64)
      for fetch in 0..<3 {
        #expect(arrived.wait(timeout: .now() + 20) == .success)
        while queue.consumeBatch(into: &batch, timeout: .zero) > 0 {
          for index in 0..<batch.count {
            #expect(batch[index].offset == next)
            next += 1
          }
        }
        #expect(fetch == 0 ? next == 0 : next > 0 && next < 15, "the batch that is held came through")
        gate.signal()
      }
    }

    @Test func `a drained batch is empty, also after an error in the middle`() throws {
      struct Full: Error {}
      try fill(5)
      let queue = try consumer.partitionQueue(topic: "t", partition: 0)
      try consumer.assign([TopicPartitionOffset(topic: "t", partition: 0, offset: 0)])
      var batch = MessageBatch(capacity: 8)
      var (offsets, errors): ([Int64], Int) = ([], 0)
      while offsets.last != 4 {
        queue.consumeBatch(into: &batch, timeout: .seconds(20))
        do {
          try batch.drain { message in
            guard message.isRecord else { return }
            offsets.append(message.offset)
            if message.offset == 2 { throw Full() }
          }
        } catch is Full {
          errors += 1
          try consumer.assign([TopicPartitionOffset(topic: "t", partition: 0, offset: 3)])
        }
        let isEmpty = batch.isEmpty
        #expect(isEmpty)
      }
      #expect(offsets == [0, 1, 2, 3, 4])
      #expect(errors == 1)
    }

    @Test func `a wake ends the wait of a blocked thread`() async {
      let queue = consumer.makeQueue()
      let waited = Task {
        await onThread {
          var batch = MessageBatch(capacity: 1)
          return ContinuousClock().measure { queue.consumeBatch(into: &batch, timeout: .seconds(30)) }
        }
      }
      queue.wake()
      #expect(await waited.value < .seconds(20))
    }

    @Test func `a wake before the wait is not lost`() {
      let queue = consumer.makeQueue()
      queue.wake()
      var batch = MessageBatch(capacity: 1)
      let first = ContinuousClock().measure { queue.consumeBatch(into: &batch, timeout: .seconds(10)) }
      #expect(first < .seconds(5))
      let second = ContinuousClock().measure {
        queue.consumeBatch(into: &batch, timeout: .milliseconds(200))
      }
      #expect(second >= .milliseconds(150))
    }

    @Test func `a forwarded queue is woken through its destination, and a poll like a batch`() throws {
      let destination = consumer.makeQueue()
      let source = try consumer.partitionQueue(topic: "t", partition: 0)
      source.forward(to: destination)
      source.wake()
      var batch = MessageBatch(capacity: 1)
      #expect(
        ContinuousClock().measure { destination.consumeBatch(into: &batch, timeout: .seconds(10)) }
          < .seconds(5))
      consumer.wake()
      #expect(ContinuousClock().measure { _ = consumer.poll(timeout: .seconds(10)) } < .seconds(5))
    }

    @Test func `a partition's queue takes its records away from the main queue`() throws {
      try fill(20)
      let first = try consumer.partitionQueue(topic: "t", partition: 0)
      let second = try consumer.partitionQueue(topic: "t", partition: 1)
      let both = consumer.makeQueue()
      try consumer.assign([
        TopicPartitionOffset(topic: "t", partition: 0, offset: 5),
        TopicPartitionOffset(topic: "t", partition: 1, offset: 0),
      ])
      let received = first.takeToEnd()
      #expect(received.map(\.offset) == Array(5...20))
      second.forward(to: both)
      #expect(both.takeToEnd().map(\.offset) == Array(0...20))
      for _ in 0..<5 { #expect(consumer.poll(timeout: .milliseconds(20)) == nil) }
    }

    @Test func `a partition's queue stays away from the main queue when it is assigned again`() throws {
      try fill(3)
      let queue = try consumer.partitionQueue(topic: "t", partition: 0)
      for offset: Int64 in 0..<3 {
        try consumer.assign([TopicPartitionOffset(topic: "t", partition: 0, offset: offset)])
        #expect(queue.takeToEnd().map(\.offset) == Array(offset...3))
        try consumer.assign([])
        #expect(consumer.poll(timeout: .milliseconds(20)) == nil)
      }
    }

    @Test func `a record on the main queue is reported by a poll with its place`() throws {
      try fill(1)
      try consumer.assign([TopicPartitionOffset(topic: "t", partition: 0, offset: 0)])
      var error: KafkaError?
      #expect(
        poll {
          error = consumer.poll(timeout: .milliseconds(50))
        } until: {
          error != nil
        })
      #expect(error?.code == .state)
      #expect(error?.topic == "t")
      #expect(error?.offset == 0)
    }

    @Test func `a seek continues a partition's queue at the offset`() throws {
      try fill(20)
      let queue = try consumer.partitionQueue(topic: "t", partition: 0)
      try consumer.assign([TopicPartitionOffset(topic: "t", partition: 0, offset: 0)])
      _ = queue.take { $0.count >= 3 }
      try consumer.seek(topic: "t", partition: 0, offset: 15, timeout: .seconds(10))
      #expect(queue.takeToEnd().map(\.offset).filter { $0 < 15 }.isEmpty)
      try consumer.seek(topic: "t", partition: 0, offset: 7, timeout: .seconds(10))
      #expect(queue.takeToEnd().map(\.offset) == Array(7...20))
      #expect(try consumer.position([TopicPartition(topic: "t", partition: 0)]).values.first == 20)
    }

    @Test func `a paused partition gives nothing, and goes on where it stopped`() throws {
      try fill(20)
      let partition = TopicPartition(topic: "t", partition: 0)
      let queue = try consumer.partitionQueue(topic: "t", partition: 0)
      try consumer.assign([TopicPartitionOffset(topic: "t", partition: 0, offset: 0)])
      var batch = MessageBatch(capacity: 5)
      #expect(
        poll {
          queue.consumeBatch(into: &batch, timeout: .milliseconds(50))
        } until: {
          !batch.isEmpty
        })
      let next = batch[batch.count - 1].offset + 1
      try consumer.pause([partition])
      let whilePaused = queue.take(for: .milliseconds(500)) { _ in false }
      #expect(whilePaused.isEmpty)
      try consumer.resume([partition])
      #expect(queue.takeToEnd().map(\.offset) == Array(next...20))
    }

    @Test func `pausing a partition that is not assigned is an error`() {
      let error = thrown { () throws(KafkaError) in
        try consumer.pause([TopicPartition(topic: "t", partition: 1)])
      }
      #expect(error?.code == .unknownPartition)
    }
  }
}
