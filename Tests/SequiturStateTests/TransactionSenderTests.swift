import KafkaClient
import Logging
import Synchronization
import TestBroker
import Testing

@testable import SequiturWorker

/// Which producer sends a lane's transactions.
extension StateTests {
  @Test(.enabled(if: PackageRoot.python != nil))
  func `one producer goes on after an abort, and another is made when topics take smaller batches`()
    async throws
  {
    let bench = try StateBench()
    try await bench.createTopics()
    let limits = OutputLimits(
      topics: bench.topics, messageBytesMax: 1_000_000, commandsMax: 100, admin: try bench.admin(),
      call: .seconds(10), statistics: WorkerStatistics(), logger: bench.log.logger)
    let made = Mutex<[Int]>([])
    let sender = TransactionSender(
      configuration: { bytes in
        made.withLock { $0.append(bytes) }
        return bench.configuration.producerProperties(lane: 0, instance: "one", batchBytesMax: bytes)
      },
      topics: bench.topics, limits: limits,
      group: TransactionSender.Group(metadata: { () throws(KafkaError) in nil }, fatalError: { nil }),
      call: .seconds(20), logger: bench.log.logger)
    // Each as after a refused outcome.
    for _ in 0..<3 {
      try sender.begin()
      try sender.abort()
    }
    #expect(made.withLock { $0 } == [1_000_000])
    try bench.alter(bench.topics.valid, "max.message.bytes", "5000")
    limits.lookUp()
    for _ in 0..<2 {
      try sender.begin()
      try sender.abort()
    }
    #expect(made.withLock { $0 } == [1_000_000, 5000])
  }
}
