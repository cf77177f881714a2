import Foundation
import KafkaClient
import Synchronization
import Testing

extension KafkaClientTests {
  @Suite struct Rebalances {
    /// Writes down the calls and takes the partitions' queues away from the main queue.
    final class Listener: KafkaRebalanceListener {
      private let state = Mutex((calls: [String](), owned: Set<Int32>(), queues: [Int32: KafkaQueue]()))
      let assignsPaused: Bool

      init(assignsPaused: Bool = false) { self.assignsPaused = assignsPaused }

      var calls: [String] { state.withLock { $0.calls } }
      var owned: Set<Int32> { state.withLock { $0.owned } }
      var queues: [Int32: KafkaQueue] { state.withLock { $0.queues } }

      func partitionsWillAssign(_ partitions: [TopicPartition], consumer: KafkaConsumer) {
        note("will", partitions)
        for partition in partitions {
          let queue = try? consumer.partitionQueue(topic: partition.topic, partition: partition.partition)
          state.withLock { $0.queues[partition.partition] = queue }
        }
      }
      func partitionsAssigned(_ partitions: [TopicPartition]) {
        note("assigned", partitions)
        state.withLock { $0.owned.formUnion(partitions.map(\.partition)) }
      }
      func partitionsRevoked(_ partitions: [TopicPartition]) {
        note("revoked", partitions)
        state.withLock { $0.owned.subtract(partitions.map(\.partition)) }
      }
      func partitionsLost(_ partitions: [TopicPartition]) {
        note("lost", partitions)
        state.withLock { $0.owned.subtract(partitions.map(\.partition)) }
      }
      private func note(_ call: String, _ partitions: [TopicPartition]) {
        let numbers = partitions.map { "\($0.partition)" }.sorted().joined(separator: ",")
        state.withLock { $0.calls.append("\(call) \(numbers)") }
      }
    }

    let broker: EmbeddedBroker

    init() throws {
      broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 4)
    }

    func member(
      _ listener: Listener, assignor: String, extra: KafkaConfiguration = [:]
    ) throws -> KafkaConsumer {
      let configuration: KafkaConfiguration = [
        "bootstrap.servers": broker.bootstrapServers, "group.id": "g", "auto.offset.reset": "earliest",
        "partition.assignment.strategy": assignor, "session.timeout.ms": "6000",
        "heartbeat.interval.ms": "200",
      ]
      let consumer = try KafkaConsumer(
        configuration: configuration.merging(extra), logger: quiet, rebalanceListener: listener)
      try consumer.subscribe(["t"])
      return consumer
    }

    @Test(arguments: ["range", "cooperative-sticky"])
    func `two members share the partitions, and a leaving one gives its share back`(
      assignor: String
    ) throws {
      let (one, two) = (Listener(), Listener())
      let first = try member(one, assignor: assignor)
      #expect(try first.generation() == nil)
      #expect(first.memberID == nil)
      #expect(
        poll {
          _ = first.poll(timeout: .milliseconds(50))
        } until: {
          one.owned.count == 4
        })
      #expect(one.calls == ["will 0,1,2,3", "assigned 0,1,2,3"])
      #expect(Set(try first.assignment().map(\.partition)) == [0, 1, 2, 3])
      let isEager = assignor == "range"
      #expect(first.rebalanceProtocol == (isEager ? .eager : .cooperative))
      #expect(!first.assignmentLost)
      let before = try #require(try first.generation())

      let second = try member(two, assignor: assignor)
      let settled = poll {
        _ = first.poll(timeout: .milliseconds(25))
        _ = second.poll(timeout: .milliseconds(25))
      } until: {
        one.owned.count == 2 && two.owned.count == 2
      }
      #expect(settled)
      #expect(one.owned.isDisjoint(with: two.owned))
      if isEager {
        #expect(one.calls.contains("revoked 0,1,2,3"))
      } else {
        #expect(!one.calls.contains("revoked 0,1,2,3"))
        #expect(one.calls.contains { $0.hasPrefix("revoked ") && $0.split(separator: ",").count == 2 })
      }
      let after = try #require(try first.generation())
      #expect(after > before)

      try second.close(timeout: .seconds(20))
      #expect(two.owned.isEmpty)
      #expect(two.calls.last?.hasPrefix("revoked") == true)
      #expect(
        poll {
          _ = first.poll(timeout: .milliseconds(50))
        } until: {
          one.owned.count == 4
        })
      try first.close(timeout: .seconds(20))
      try first.close(timeout: .seconds(1))
      #expect(one.owned.isEmpty)
    }

    @Test(arguments: ["range", "cooperative-sticky"])
    func `queues taken before the assignment let no record slip into the main queue`(
      assignor: String
    ) throws {
      let producer = try KafkaProducer(
        configuration: ["bootstrap.servers": broker.bootstrapServers], logger: quiet)
      for value in 0..<400 { try producer.send("t", partition: Int32(value % 4), value: "\(value)") }
      try producer.flush(timeout: .seconds(10))
      let listener = Listener()
      let consumer = try member(listener, assignor: assignor)
      var errors: [KafkaError] = []
      let assigned = poll {
        if let error = consumer.poll(timeout: .milliseconds(50)) { errors.append(error) }
      } until: {
        listener.owned.count == 4
      }
      #expect(assigned)
      for _ in 0..<10 { if let error = consumer.poll(timeout: .milliseconds(50)) { errors.append(error) } }
      #expect(errors.isEmpty)
      for partition in Int32(0)..<4 {
        let queue = try #require(listener.queues[partition])
        #expect(queue.take { $0.count >= 100 }.map(\.offset) == Array(0..<100))
      }
      try consumer.close(timeout: .seconds(20))
    }

    /// As while somebody's transaction holds the offsets of one of them: without the pause none would be fetched.
    @Test(arguments: ["range", "cooperative-sticky"])
    func `partitions that are assigned paused wait for no offsets, and each begins where it is told`(
      assignor: String
    ) throws {
      let producer = try KafkaProducer(
        configuration: ["bootstrap.servers": broker.bootstrapServers], logger: quiet)
      for value in 0..<400 { try producer.send("t", partition: Int32(value % 4), value: "\(value)") }
      try producer.flush(timeout: .seconds(10))
      broker.pushRequestErrors(Array(repeating: .unstableOffsetCommit, count: 1000), for: .offsetFetch)
      let listener = Listener(assignsPaused: true)
      let consumer = try member(listener, assignor: assignor)
      #expect(
        poll {
          _ = consumer.poll(timeout: .milliseconds(50))
        } until: {
          listener.owned.count == 4
        })
      for partition in Int32(0)..<3 {
        let queue = try #require(listener.queues[partition])
        try consumer.begin(
          topic: "t", partition: partition, offset: Int64(partition) * 10, timeout: .seconds(10))
        #expect(queue.take { $0.last?.offset == 99 }.map(\.offset) == Array(Int64(partition) * 10..<100))
      }
      // The one that nobody told to begin has given nothing meanwhile.
      let idle = try #require(listener.queues[3])
      #expect(idle.take(for: .milliseconds(1)) { _ in false }.isEmpty)
      try consumer.pause([TopicPartition(topic: "t", partition: 0)])
      try consumer.begin(topic: "t", partition: 0, offset: 95, timeout: .seconds(10))
      let queue = try #require(listener.queues[0])
      #expect(queue.take { $0.last?.offset == 99 }.map(\.offset) == Array(95..<100))
      try consumer.close(timeout: .seconds(20))
    }

    /// librdkafka 2.0.2 takes back what a batch has gathered when a rebalance pauses the partition, and goes on behind
    /// it.
    @Test func `a rebalance takes no record away from a member that keeps its partition`() async throws {
      let producer = try KafkaProducer(
        configuration: ["bootstrap.servers": broker.bootstrapServers], logger: quiet)
      for value in 0..<400 { try producer.send("t", partition: Int32(value % 4), value: "\(value)") }
      try producer.flush(timeout: .seconds(10))
      let (one, two) = (Listener(), Listener())
      let first = try member(one, assignor: "cooperative-sticky")
      let isAssigned = poll {
        _ = first.poll(timeout: .milliseconds(50))
      } until: {
        one.owned.count == 4
      }
      #expect(isAssigned)
      let all = first.makeQueue()
      for queue in one.queues.values { queue.forward(to: all) }
      let received = Recorder<Received>()
      let isOver = Atomic(false)
      let taking = Task { [all] in
        await onThread {
          // Has room for more than there is, and time for the whole rebalance.
          var batch = MessageBatch(capacity: 1000)
          while !isOver.load(ordering: .acquiring) {
            all.consumeBatch(into: &batch, timeout: .seconds(15))
            for index in 0..<batch.count { received.add(Received(batch[index])) }
          }
        }
      }
      let partitions = (0..<4).map { TopicPartition(topic: "t", partition: $0) }
      let isTaken = poll {
        _ = first.poll(timeout: .milliseconds(50))
      } until: {
        (try? first.position(partitions).values.filter { $0 == 100 }.count) == 4
      }
      #expect(isTaken)
      let second = try member(two, assignor: "cooperative-sticky")
      func pollBoth() {
        _ = first.poll(timeout: .milliseconds(25))
        _ = second.poll(timeout: .milliseconds(25))
      }
      #expect(poll(pollBoth, until: { one.owned.count == 2 && two.owned.count == 2 }))
      let kept = one.owned
      for partition in kept { try producer.send("t", partition: partition, value: "last") }
      try producer.flush(timeout: .seconds(10))
      #expect(poll(pollBoth, until: { received.all.filter { $0.value == "last" }.count == 2 }))
      isOver.store(true, ordering: .releasing)
      all.wake()
      await taking.value
      for partition in kept {
        let offsets = received.all.filter { $0.partition == partition }.map(\.offset)
        #expect(offsets == Array(0...100), "partition \(partition)")
      }
      try second.close(timeout: .seconds(20))
      try first.close(timeout: .seconds(20))
    }

    @Test func `a member that is closed before its first assignment can be dropped`() async {
      await #expect(processExitsWith: .success) {
        let broker = try EmbeddedBroker()
        try broker.createTopic("t", partitions: 4)
        // It joins, and is told again and again that the group is not ready to share.
        broker.pushRequestErrors(Array(repeating: .coordinatorLoadInProgress, count: 1000), for: .syncGroup)
        let joined = LogStore()
        do {
          let consumer = try KafkaConsumer(
            configuration: [
              "bootstrap.servers": broker.bootstrapServers, "group.id": "g", "debug": "cgrp",
              "partition.assignment.strategy": "cooperative-sticky",
            ], logger: joined.logger, rebalanceListener: Listener())
          try consumer.subscribe(["t"])
          let isJoined = poll {
            _ = consumer.poll(timeout: .milliseconds(50))
          } until: {
            joined.all.contains { $0.text.contains("wait-sync") }
          }
          precondition(isJoined, "it did not join: \(joined.all.suffix(5))")
          try? consumer.close(timeout: .seconds(10))
        }
      }
    }

    @Test func `a member that polls too late is told, and its partitions are gone`() throws {
      let listener = Listener()
      let consumer = try member(listener, assignor: "range", extra: ["max.poll.interval.ms": "6000"])
      #expect(
        poll {
          _ = consumer.poll(timeout: .milliseconds(50))
        } until: {
          listener.owned.count == 4
        })
      // What is tested is that nobody polls for longer than the interval.
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + 9)
      var codes: [KafkaError.Code] = []
      _ = poll(for: .seconds(10)) {
        if let error = consumer.poll(timeout: .milliseconds(50)) { codes.append(error.code) }
      } until: {
        codes.contains(.maxPollExceeded) && listener.calls.count > 2
      }
      #expect(codes.contains(.maxPollExceeded))
      #expect(listener.calls[2].hasPrefix("revoked") || listener.calls[2].hasPrefix("lost"))
      try consumer.close(timeout: .seconds(20))
    }
  }
}
