import Foundation
import KafkaClient
import TestBroker
import Testing

@testable import SequiturWorker

extension SequiturWorkerTests {
  /// What is fetched ahead, over all partitions.
  @Suite struct CommandIntakeTests {
    @Test func `partitions whose batches are large are fetched only while there is room over all of them`()
      async throws
    {
      let bench = try IntakeBench(bytesMax: 2 << 20)
      for number in 0..<IntakeBench.partitions { bench.open(number) }
      try await eventually("the broker's thread to be held") { bench.intake.isHolding }
      // Of 12.8 MB: what makes the bound full, and what one fetch brings of each partition. A queue may count the two
      // seeks and the resume that began it as well.
      let bytes = bench.queues.reduce(0) { $0 + $1.count } * IntakeBench.recordBytes
      #expect(bytes >= 1 << 20)
      #expect(bytes <= 2 << 20 + 4 * IntakeBench.partitions * IntakeBench.recordBytes)
      // Those that are taken make room for the others; all come, in order.
      let taken = bench.take(Set(0..<IntakeBench.partitions))
      for number in 0..<IntakeBench.partitions {
        #expect(taken[number] == Array(0..<Int64(IntakeBench.batches)), "partition \(number)")
      }
    }

    @Test func `a partition that nobody takes from does not starve the others`() async throws {
      let bench = try IntakeBench(bytesMax: 200_000)
      for number in 0..<2 { bench.open(number) }
      try await eventually("the broker's thread to be held") { bench.intake.isHolding }
      #expect(bench.take([1])[1] == Array(0..<Int64(IntakeBench.batches)))
      // librdkafka's own bound: what was there when it was reached, and one more batch.
      #expect(bench.queues[0].count * IntakeBench.recordBytes <= 200_000 + 2 * IntakeBench.recordBytes)
    }

    @Test func `while all lanes stand still nothing more is fetched, though a partition has nothing`()
      async throws
    {
      let bench = try IntakeBench(bytesMax: 200_000, partitionBytesMax: 100_000_000, standstill: .zero)
      bench.open(0)
      bench.openEmpty(99)
      try await eventually("the broker's thread to be held") { bench.intake.isHolding }
      let held = bench.queues[0].count
      // Each look could have let one through.
      let looks = bench.intake.looksInVain
      try await eventually("the broker's thread to look for room fifty times") {
        bench.intake.looksInVain >= looks + 50
      }
      #expect(bench.queues[0].count == held)
      bench.intake.foundNothing()
      try await eventually("one fetch to be let through") { bench.queues[0].count == held + 1 }
    }

    @Test func `few records that hold the memory of many responses count as those`() async throws {
      // Each fetch brings 100 kB of partition 0, which is taken, and 1 kB of partition 1, which is not.
      let bench = try IntakeBench(bytesMax: 300_000, recordBytes: 1000) { $0 == 0 ? 100 : 1 }
      for number in 0..<2 { bench.open(number) }
      var batch = MessageBatch(capacity: 100)
      try await eventually("the broker's thread to be held") {
        while bench.queues[0].consumeBatch(into: &batch, timeout: .zero) > 0 {
          bench.intake.took(batch.count, bytes: batch.byteCount, of: 0)
        }
        return bench.intake.isHolding
      }
      // A queue may count the seek that began it as well.
      #expect(2...5 ~= bench.queues[1].count)
      // With the records the memory goes, and the next fetches come.
      let taken = bench.take([1])
      #expect(taken[1] == Array(0..<Int64(IntakeBench.batches)))
    }

    @Test func `a partition that goes makes room`() async throws {
      let bench = try IntakeBench(bytesMax: 200_000)
      bench.open(0)
      try await eventually("the broker's thread to be held") { bench.intake.isHolding }
      bench.open(1)
      bench.intake.forget([0])
      #expect(bench.take([1])[1] == Array(0..<Int64(IntakeBench.batches)))
    }

    @Test func `of a partition that is not open nothing is fetched, and it is read from where it is opened`()
      async throws
    {
      let bench = try IntakeBench(bytesMax: 200_000)
      var batch = MessageBatch(capacity: 10)
      for number in 0..<IntakeBench.partitions {
        bench.open(number, at: 3)
        #expect(bench.take([number])[number] == Array(3..<Int64(IntakeBench.batches)), "partition \(number)")
        // The others' fetches would have come with these.
        #expect(
          bench.queues[(number + 1)...].allSatisfy { $0.consumeBatch(into: &batch, timeout: .zero) == 0 })
      }
    }
  }
}

/// A consumer of partitions with batches of one large record each, unless told otherwise, and an intake. A fetch brings
/// one batch of each partition.
private final class IntakeBench: Sendable {
  static let partitions = 8
  static let batches = 16
  static let recordBytes = 100_000

  let intake: CommandIntake
  let queues: [KafkaQueue]
  private let broker: EmbeddedBroker
  private let consumer: KafkaConsumer

  /// - Parameters:
  ///   - partitionBytesMax: librdkafka's own bound.
  ///   - batchRecords: how many records a partition's batches have.
  init(
    bytesMax: Int, partitionBytesMax: Int? = nil, standstill: Duration = IntakeLimits.standstill,
    recordBytes: Int = IntakeBench.recordBytes, batchRecords: (Int) -> Int = { _ in 1 }
  ) throws {
    broker = try EmbeddedBroker(logger: quiet)
    try broker.createTopic("t", partitions: Self.partitions)
    let server: KafkaConfiguration = ["bootstrap.servers": broker.bootstrapServers]
    let value = UnsafeMutableRawBufferPointer.allocate(byteCount: recordBytes, alignment: 1)
    defer { value.deallocate() }
    value.initializeMemory(as: UInt8.self, repeating: 7)
    for partition in 0..<Self.partitions {
      let records = batchRecords(partition)
      let producer = try KafkaProducer(
        configuration: server.merging(["batch.num.messages": "\(records)", "linger.ms": "60000"]),
        logger: quiet)
      let topic = try producer.topic("t")
      for _ in 0..<Self.batches * records {
        try producer.produce(
          topic: topic, partition: Int32(partition), key: nil, value: UnsafeRawBufferPointer(value))
      }
      try producer.flush(timeout: .seconds(20))
    }
    let intake = CommandIntake(bytesMax: bytesMax, standstill: standstill)
    self.intake = intake
    // What lanes have taken says how large records are.
    for _ in 0..<40 { intake.took(1, bytes: recordBytes, of: 0) }
    let consumer = try KafkaConsumer(
      configuration: server.merging(["queued.max.messages.kbytes": "\((partitionBytesMax ?? bytesMax) >> 10)"]
      ), logger: quiet,
      fetchGate: { intake.hold($0) })
    self.consumer = consumer
    queues = try (0..<Int32(Self.partitions)).map { try consumer.partitionQueue(topic: "t", partition: $0) }
    let all = (0..<Int32(Self.partitions)).map { TopicPartition(topic: "t", partition: $0) }
    try consumer.pause(all)
    try consumer.assign(all.map { TopicPartitionOffset(topic: "t", partition: $0.partition, offset: 0) })
  }

  deinit { intake.close() }

  func open(_ number: Int, at offset: Int64 = 0) {
    intake.open(Int32(number), queues[number])
    try? consumer.begin(topic: "t", partition: Int32(number), offset: offset, timeout: .seconds(10))
  }

  /// A partition that nothing comes to.
  func openEmpty(_ number: Int) { intake.open(Int32(number), consumer.makeQueue()) }

  /// Takes open partitions' records in turn, as a lane does, up to the last of each; their offsets.
  func take(_ numbers: Set<Int>) -> [Int: [Int64]] {
    var offsets: [Int: [Int64]] = [:]
    var batch = MessageBatch(capacity: 10)
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
      let open = numbers.filter { offsets[$0]?.last != Int64(Self.batches) - 1 }
      if open.isEmpty { break }
      let before = offsets
      defer {
        if offsets == before { intake.foundNothing() }
      }
      for number in open where queues[number].consumeBatch(into: &batch, timeout: .milliseconds(5)) > 0 {
        intake.took(batch.count, bytes: batch.byteCount, of: Int32(number))
        for index in 0..<batch.count { offsets[number, default: []].append(batch[index].offset) }
      }
    }
    return offsets
  }
}
