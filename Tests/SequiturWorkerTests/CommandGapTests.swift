import Foundation
import KafkaClient
import Logging
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// Offsets on the commands topic that nothing comes of.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct CommandGapTests {
    @Test func `gaps of aborted commands are passed`() async throws {
      let application = try await Application(partitions: 1)
      let rules = try application.writeOrderRules()
      try await application.submit(RestoreTests.load(0..<10))
      let worker = try WorkerProgram.start(application, "one", rules: rules)
      defer { worker.kill() }
      try await application.caughtUp()
      for round in 0..<3 {
        try abort(5, on: application)
        try await application.submit(RestoreTests.amendments((10 * round)..<(10 * round + 10)))
        try await application.caughtUp()
      }
      try await worker.stopGracefully()
      let audit = try await expectNoFault(application)
      #expect(audit.events.count + audit.rejections.count == 40)
      #expect(try await Verified(application, rules: rules).faults == [])
    }

    private func abort(_ count: Int, on application: Application) throws {
      let producer = try TransactionalProducer(
        configuration: [
          "bootstrap.servers": application.bootstrap, "transactional.id": "\(application.name)-aborting",
        ], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      try producer.initTransactions(timeout: .seconds(30))
      try producer.begin()
      let topic = try producer.topic(application.topics.commands)
      for _ in 0..<count {
        try "order-1".utf8CString.withUnsafeBytes { bytes in
          try producer.produce(topic: topic, partition: 0, key: bytes, value: bytes)
        }
      }
      try producer.flush(timeout: .seconds(30))
      try producer.abort(timeout: .seconds(30))
    }
  }
}
