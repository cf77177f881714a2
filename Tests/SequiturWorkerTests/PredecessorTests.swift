import Foundation
import KafkaClient
import SequiturWorker
import Synchronization
import TestBroker
import Testing
import WorkerEventLog

extension SequiturWorkerTests {
  /// A partition whose last owner left a transaction open waits for it, and no other partition does.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct PredecessorTests {
    /// More partitions wait than there are restores that may read at once.
    @Test func `partitions whose changelogs hold open transactions keep no other from being served`()
      async throws
    {
      let application = try await Application(partitions: 6)
      let predecessor = try await Predecessor(application)
      try await predecessor.leaveRecords(on: application.topics.changelog, partitions: [0, 1, 2, 3])
      let worker = WorkerInProcess(application.configuration(lanes: 2))
      try await worker.serves([4, 5])
      try await application.submit((0..<6).map { .on($0, .create("order-\($0)")) })
      try await eventually("the outcomes of the partitions that nobody holds up") {
        let positions = worker.worker.statistics.snapshot.positions
        return positions[4] == 1 && positions[5] == 1
      }
      #expect(worker.positions.keys.sorted() == [4, 5])
      // Each says so once, with the longest that it can take.
      try await eventually("all others to wait") {
        worker.events.count { $0.waitingPartition != nil } >= 4
      }
      #expect(worker.events.all.compactMap(\.waitingPartition).sorted() == [0, 1, 2, 3])
      let told = worker.log.lines.filter { $0.message.hasPrefix("a partition waits") }
      #expect(told.count == 4 && told.allSatisfy { $0.metadata["at-most"] == "25.0 seconds" })
      try await predecessor.abort()
      try await application.caughtUp()
      try await worker.stop()
      try await expectNoFault(application)
    }

    @Test func `a worker that waits for a predecessor's transaction stops at once`() async throws {
      let application = try await Application(partitions: 3)
      let predecessor = try await Predecessor(application)
      try await predecessor.leaveRecords(on: application.topics.changelog, partitions: [0, 1, 2])
      let worker = WorkerInProcess(application.configuration())
      try await eventually("all partitions to wait") {
        worker.events.count { $0.waitingPartition != nil } == 3
      }
      let duration = try await ContinuousClock().measure { try await worker.stop() }
      #expect(duration < .seconds(15))
      try await predecessor.abort()
    }

    @Test(.enabled(if: TestBroker.isOutside, "the test broker shows offsets that are pending"))
    func
      `a position that is pending in a transaction keeps only its own partition waiting, in each rebalance`()
      async throws
    {
      let application = try await Application(partitions: 4)
      try await application.submit((0..<4).map { .on($0, .create("order-\($0)")) })
      try await WorkerInProcess.runUntilCaughtUp(dynamic(application, "before"))
      let predecessor = try await Predecessor(application)
      try await predecessor.leaveOffsets(partitions: [1])
      let first = WorkerInProcess(dynamic(application, "first"))
      try await first.serves([0, 2, 3])
      // Everything is revoked and assigned anew; what stays is served at once, on both.
      let second = WorkerInProcess(dynamic(application, "second"))
      try await eventually("all but the pending one to be served by the two") {
        Set(first.positions.keys).union(second.positions.keys) == [0, 2, 3] && !second.positions.isEmpty
      }
      try await application.submit((0..<4).map { .on($0, .amend("order-\($0)", total: 2)) })
      try await eventually("the outcomes of the partitions that nobody holds up") {
        let positions = first.positions.merging(second.positions) { max($0, $1) }
        return [0, 2, 3].allSatisfy { positions[$0] == 2 } && positions[1] == nil
      }
      try await predecessor.abort()
      try await application.caughtUp()
      try await second.stop()
      try await first.stop()
      try await expectNoFault(application)
    }

    private func dynamic(_ application: Application, _ name: String) -> WorkerConfiguration {
      var configuration = application.configuration(name)
      configuration.instanceID = nil
      configuration.timeouts.heartbeat = .seconds(1)
      configuration.timeouts.session = .seconds(6)
      return configuration
    }
  }
}

extension WorkerInProcess {
  /// The positions of the partitions that are served.
  var positions: [Int32: Int64] { worker.statistics.snapshot.positions }

  /// Returns when these partitions are served.
  func serves(_ partitions: Set<Int32>) async throws {
    try await eventually("the partitions \(partitions.sorted()) to be served") {
      partitions.isSubset(of: positions.keys)
    }
  }
}

/// A worker that died with a transaction open.
private final class Predecessor: Sendable {
  private let application: Application
  private let producer: TransactionalProducer

  init(_ application: Application) async throws {
    self.application = application
    producer = try await onThread {
      let producer = try TransactionalProducer(
        configuration: [
          "bootstrap.servers": application.bootstrap,
          "transactional.id": TestBroker.uniqueName("predecessor"),
          "transaction.timeout.ms": "600000",
        ], logger: quiet)
      try producer.initTransactions(timeout: .seconds(30))
      try producer.begin()
      return producer
    }
  }

  /// Leaves a record on each of the partitions.
  func leaveRecords(on topic: String, partitions: [Int32]) async throws {
    try await onThread { [producer] in
      let topic = try producer.topic(topic)
      for partition in partitions {
        try Array("left".utf8).withUnsafeBytes {
          try producer.produce(
            topic: topic, partition: partition, key: $0, value: $0, headers: HeaderList(capacity: 0))
        }
      }
      try producer.flush(timeout: .seconds(30))
    }
  }

  /// Leaves the positions of commands partitions pending: offset 1, as a member of the group that then leaves.
  func leaveOffsets(partitions: [Int32]) async throws {
    try await onThread { [application, producer] in
      let consumer = try KafkaConsumer(
        configuration: [
          "bootstrap.servers": application.bootstrap, "group.id": application.name,
          "partition.assignment.strategy": "range", "session.timeout.ms": "6000",
        ], logger: quiet)
      try consumer.subscribe([application.topics.commands])
      let deadline = ContinuousClock.now + .seconds(60)
      while try consumer.assignment().isEmpty, ContinuousClock.now < deadline {
        _ = consumer.poll(timeout: .milliseconds(50))
      }
      let offsets = partitions.map {
        TopicPartitionOffset(topic: application.topics.commands, partition: $0, offset: 1)
      }
      guard let metadata = try consumer.groupMetadata() else { throw NoMembership() }
      try producer.sendOffsets(offsets, groupMetadata: metadata, timeout: .seconds(30))
      try consumer.close(timeout: .seconds(30))
    }
  }

  func abort() async throws {
    try await onThread { [producer] in try producer.abort(timeout: .seconds(30)) }
  }

  private struct NoMembership: Error {}
}
