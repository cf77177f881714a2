import KafkaClient
import Logging
import Sequitur
import Testing

@testable import SequiturWorker

struct MemoryBudgetTests {
  @Test(arguments: [32, 128, 256, 4096])
  func `the shares are the whole, and fit one another`(_ megabytes: Int) {
    let budget = MemoryBudget(bytes: megabytes << 20)
    let shares = [
      budget.blockCacheBytes, budget.memtableBytesMax, budget.objectBytes, budget.drainBytes,
      budget.transactionBytes, budget.fetchBytes,
    ]
    #expect(shares.reduce(0, +) == budget.bytes)
    #expect(budget.memtableBytes < budget.memtableBytesMax)
    #expect(budget.writeBufferBytes * 2 <= budget.memtableBytesMax)
    #expect(budget.undrainedBytes <= budget.drainBytes)
    #expect(budget.undrainedBytes * 4 <= budget.objectBytes)
  }

  @Test(arguments: [1, 16, 128])
  func `partitions and lanes share, whatever their number`(_ partitions: Int) {
    let budget = MemoryBudget(bytes: 128 << 20)
    #expect(budget.fetchBytesHeld + budget.fetchResponseBytes <= budget.fetchBytes)
    #expect(budget.fetchResponseBytes(partitions: partitions) <= budget.fetchResponseBytes)
    for lanes in [1, 2, 16] {
      #expect(budget.transactionBytes(lanes: lanes) * lanes * 4 <= budget.transactionBytes)
      #expect(budget.undrainedBytes(lanes: lanes) * lanes <= budget.undrainedBytes)
    }
    for threads in [1, 2, 8] {
      let restore =
        budget.restoreRunBytes(readers: threads) + 4 * budget.restoreFetchBytes(readers: 2 * threads)
      #expect(restore * threads <= budget.objectBytes)
    }
  }

  /// For a flush and a compaction at once.
  @Test(arguments: [32, 128, 256, 4096])
  func `a store leaves twice what its memtables may grow to free on the disk`(_ megabytes: Int) throws {
    var configuration = WorkerConfiguration(applicationID: "room")
    configuration.memoryBytes = megabytes << 20
    let directory = try TemporaryDirectory()
    let state = try StateDirectory(
      path: directory.path + "/state", options: configuration.databaseOptions, logger: LogRecorder().logger)
    defer { state.close() }
    #expect(state.reservedBytes == 2 * configuration.memory.memtableBytesMax)
  }

  /// While all partitions are at librdkafka's bounds, its thread sleeps for up to a second.
  @Test(arguments: [32, 128, 256, 4096], [1, 2, 16, 128])
  func `the worker stops fetching before librdkafka does`(_ megabytes: Int, partitions: Int) {
    let budget = MemoryBudget(bytes: megabytes << 20)
    let response = min(budget.fetchResponseBytes, partitions * KafkaBudget.fetchBytesMax)
    #expect(
      partitions * budget.fetchBytesHeld(partitions: partitions) >= budget.fetchBytesHeld + response)
    let record = 100
    #expect(
      partitions * budget.fetchMessagesHeld(partitions: partitions)
        >= budget.fetchBytesHeld / (record + IntakeLimits.recordOverheadBytes) + response / record)
  }

  /// A partition at its bound is left out of the fetch that waits for the others.
  @Test(arguments: [1, 4, 16, 32])
  func `what is there of one partition lasts for as long as a fetch waits for the others`(_ partitions: Int) {
    let budget = MemoryBudget(bytes: MemoryBudget.bytesDefault)
    let bytes = budget.fetchBytesHeld(partitions: partitions)
    #expect(Double(bytes) / 20e6 >= budget.fetchWait(partitions: partitions).seconds)
    #expect(budget.fetchWait(partitions: 1) == .milliseconds(100))
    #expect(budget.fetchWait(partitions: 1000) == .milliseconds(20))
  }

  /// librdkafka refuses some combinations of fetch sizes only when the client is made.
  @Test(arguments: [1, 32, 256, 2048, 65_536], [1, 128])
  func `every budget makes clients that librdkafka accepts`(_ megabytes: Int, partitions: Int32) throws {
    var configuration = WorkerConfiguration(applicationID: "budget")
    configuration.bootstrapServers = "localhost:1"
    configuration.memoryBytes = megabytes << 20
    let quiet = Logger(label: "budget") { _ in SwiftLogNoOpLogHandler() }
    _ = try KafkaConsumer(
      configuration: configuration.consumerProperties(partitions: partitions), logger: quiet)
    _ = try KafkaConsumer(configuration: configuration.readerProperties(readers: 2), logger: quiet)
    _ = try TransactionalProducer(
      configuration: configuration.producerProperties(lane: 0, instance: "i", batchBytesMax: 1 << 20),
      logger: quiet)
  }

  @Test func `less than the least is the least`() {
    #expect(MemoryBudget(bytes: 1).bytes == MemoryBudget.bytesMin)
  }
}

extension StateTests {
  @Test func `a worker with limits that cannot work is refused at the start, with all of them named`()
    async throws
  {
    let bench = try StateBench()
    try await bench.createTopics()
    let fault = await #expect(throws: WorkerStartFault.self) {
      try await bench.work {
        $0.limits.undrainedBytesMax = 0
        $0.limits.recentCommandIDsMax = 256
      }
    }
    #expect(fault?.reasons.count == 2)
    #expect(fault?.description.contains("limits.undrainedBytesMax to be 1 to") == true)
    #expect(fault?.description.contains("limits.recentCommandIDsMax to be 0 to 255") == true)
  }
}
