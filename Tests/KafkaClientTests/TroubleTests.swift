import KafkaClient
import Testing

extension KafkaClientTests {
  @Suite struct Trouble {
    /// A port nobody listens on.
    let nowhere: KafkaConfiguration = ["bootstrap.servers": "127.0.0.1:1", "socket.timeout.ms": "1000"]
    let wait = Duration.milliseconds(500)

    @Test func `every call on an unreachable cluster ends within its time-out`() throws {
      let group = nowhere.merging(["group.id": "g"])
      let consumer = try KafkaConsumer(configuration: group, logger: quiet)
      let admin = try KafkaAdmin(configuration: nowhere, logger: quiet)
      let producer = try TransactionalProducer(
        configuration: nowhere.merging(["transactional.id": "x"]), logger: quiet)
      try consumer.subscribe(["t"])
      let wait = wait
      let calls: [(String, () throws(KafkaError) -> Void)] = [
        ("metadata", { () throws(KafkaError) in _ = try consumer.metadata(topic: "t", timeout: wait) }),
        ("all", { () throws(KafkaError) in _ = try admin.metadata(timeout: wait) }),
        (
          "watermarks",
          { () throws(KafkaError) in _ = try admin.watermarks(topic: "t", partition: 0, timeout: wait) }
        ),
        (
          "committed",
          { () throws(KafkaError) in
            _ = try consumer.committed([TopicPartition(topic: "t", partition: 0)], timeout: wait)
          }
        ),
        (
          "create",
          { () throws(KafkaError) in
            _ = try admin.createTopics([NewTopic(name: "t", partitions: 1)], timeout: wait)
          }
        ),
        ("init", { () throws(KafkaError) in try producer.initTransactions(timeout: wait) }),
      ]
      for (name, call) in calls {
        var error: KafkaError?
        let time = ContinuousClock().measure { error = thrown(call) }
        #expect(error != nil, "\(name)")
        #expect(error?.severity == .retriable, "\(name): \(error.map { "\($0)" } ?? "")")
        #expect(time < .seconds(5), "\(name)")
      }
      #expect(admin.clusterID(timeout: wait) == nil)
      #expect(try consumer.generation() == nil)
      let closing = ContinuousClock().measure {
        _ = thrown { () throws(KafkaError) in try consumer.close(timeout: wait) }
      }
      #expect(closing < .seconds(5))
    }

    @Test func `a consumer tells that no broker can be reached`() throws {
      let consumer = try KafkaConsumer(configuration: nowhere.merging(["group.id": "g"]), logger: quiet)
      try consumer.subscribe(["t"])
      var codes: Set<KafkaError.Code> = []
      let told = poll {
        if let error = consumer.poll(timeout: .milliseconds(50)) { codes.insert(error.code) }
      } until: {
        codes.contains(.allBrokersDown) || codes.contains(.transport)
      }
      #expect(told, "\(codes)")
    }

    @Test func `librdkafka's log lines come through the logger, with client and facility`() throws {
      let store = LogStore()
      let consumer = try KafkaConsumer(
        configuration: nowhere.merging(["client.id": "named", "debug": "conf,broker"]), logger: store.logger)
      #expect(
        poll {
          _ = consumer.poll(timeout: .milliseconds(50))
        } until: {
          store.all.contains { $0.level == .error } || store.all.contains { $0.text.contains("CONNECT") }
        })
      #expect(store.all.contains { $0.level == .debug && $0.text.contains("named#consumer") })
    }

    @Test func `a secret does not come into the log, not even of a debugged configuration`() throws {
      let store = LogStore()
      _ = try KafkaConsumer(
        configuration: nowhere.merging([
          "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "u",
          "sasl.password": "hunter2", "debug": "all",
        ]), logger: store.logger)
      #expect(!store.all.isEmpty)
      #expect(!store.all.contains { $0.text.contains("hunter2") })
    }

    @Test func `a plain reader asks for no group, so that no right on one is missing`() throws {
      let broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 2)
      let configuration: KafkaConfiguration = ["bootstrap.servers": broker.bootstrapServers]
      let producer = try KafkaProducer(configuration: configuration, logger: quiet)
      for partition in 0..<2 { try producer.send("t", partition: Int32(partition), value: "v") }
      try producer.flush(timeout: .seconds(20))
      broker.pushRequestErrors(Array(repeating: .groupAuthorizationFailed, count: 100), for: .findCoordinator)
      let log = LogStore()
      let reader = try KafkaConsumer(
        configuration: configuration.merging(["enable.partition.eof": "true"]), logger: log.logger)
      for round in 0..<3 {
        try reader.assign((0..<2).map { TopicPartitionOffset(topic: "t", partition: $0, offset: 0) })
        #expect(try reader.assignment().map(\.partition) == [0, 1])
        let received = reader.mainQueue.takeToEnd(partitions: 2)
        #expect(received.filter { !$0.isEnd }.map(\.value) == ["v", "v"], "round \(round): \(received)")
      }
      try reader.assign([])
      #expect(try reader.assignment().isEmpty && reader.poll(timeout: .milliseconds(10)) == nil)
      try reader.close(timeout: .seconds(5))
      #expect(!log.all.contains { $0.level >= .warning }, "\(log.all)")
    }

    @Test func `a plain reader that is dropped while it reads ends at once`() throws {
      let broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 1)
      let time = try ContinuousClock().measure {
        let reader = try KafkaConsumer(
          configuration: ["bootstrap.servers": broker.bootstrapServers], logger: quiet)
        try reader.assign([TopicPartitionOffset(topic: "t", partition: 0, offset: 0)])
        let error = thrown { () throws(KafkaError) in
          try reader.assign([TopicPartitionOffset(topic: "t", partition: 0, offset: -77)])
        }
        #expect(error?.code == .invalidArgument && error?.topic == "t")
      }
      #expect(time < .seconds(5))
    }

    @Test func `a plain reader cannot subscribe`() throws {
      let consumer = try KafkaConsumer(configuration: nowhere, logger: quiet)
      #expect(thrown { () throws(KafkaError) in try consumer.subscribe(["t"]) }?.code == .notConfigured)
    }

    @Test func `a producer without a transactional id is refused by name`() {
      let error = thrown { () throws(KafkaError) in
        _ = try TransactionalProducer(configuration: nowhere, logger: quiet)
      }
      #expect(error?.detail.contains("transactional.id") == true)
    }

    @Test func `a delivery that fails is thrown by the flush`() throws {
      let broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 1)
      let reports = Recorder<DeliveryReport>()
      let producer = try KafkaProducer(
        configuration: ["bootstrap.servers": broker.bootstrapServers], logger: quiet
      ) { reports.add($0) }
      broker.pushRequestErrors([.messageTooLarge], for: .produce)
      try producer.send("t", value: "v", tag: 3)
      let error = thrown { () throws(KafkaError) in try producer.flush(timeout: .seconds(20)) }
      #expect(error?.code == .messageTooLarge)
      #expect(error?.topic == "t")
      #expect(reports.all.map(\.error?.code) == [.messageTooLarge])
    }

    @Test func `committed offsets a coordinator refuses are an error, and absent ones are absent`() throws {
      let broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 1)
      let consumer = try KafkaConsumer(
        configuration: ["bootstrap.servers": broker.bootstrapServers, "group.id": "g"], logger: quiet)
      let partitions = [TopicPartition(topic: "t", partition: 0)]
      #expect(try consumer.committed(partitions, timeout: .seconds(10)).isEmpty)
      broker.pushRequestErrors([.groupAuthorizationFailed], for: .offsetFetch)
      let error = thrown { () throws(KafkaError) in
        _ = try consumer.committed(partitions, timeout: .seconds(10))
      }
      #expect(error?.code == .groupAuthorizationFailed)
    }

    /// Kafka tells of a new topic's leader before that broker leads: it refuses for some milliseconds.
    @Test func `watermarks are asked again while the partition has no leader, and no other error is`() throws
    {
      let broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 1)
      let admin = try KafkaAdmin(
        configuration: ["bootstrap.servers": broker.bootstrapServers], logger: quiet)
      broker.pushRequestErrors(
        [.notLeaderForPartition, .leaderNotAvailable, .offsetNotAvailable], for: .listOffsets)
      #expect(try admin.watermarks(topic: "t", partition: 0, timeout: .seconds(20)) == (0, 0))
      // Two: one request is for the oldest offset and one for the end.
      broker.pushRequestErrors([.topicAuthorizationFailed, .topicAuthorizationFailed], for: .listOffsets)
      let refused = thrown { () throws(KafkaError) in
        _ = try admin.watermarks(topic: "t", partition: 0, timeout: .seconds(20))
      }
      #expect(refused?.code == .topicAuthorizationFailed)
      broker.pushRequestErrors(Array(repeating: .notLeaderForPartition, count: 1000), for: .listOffsets)
      let late = thrown { () throws(KafkaError) in
        _ = try admin.watermarks(topic: "t", partition: 0, timeout: .milliseconds(200))
      }
      #expect(late?.severity == .retriable)
    }

    /// librdkafka 2.0.2 asks for both offsets by a request each, and forgets the error of one that fails alone.
    @Test func `a partition does not look empty when one of its two watermarks could not be had`() throws {
      let broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 1)
      let configuration: KafkaConfiguration = ["bootstrap.servers": broker.bootstrapServers]
      let producer = try KafkaProducer(configuration: configuration, logger: quiet) { _ in }
      for _ in 0..<5 { try producer.send("t", value: "v") }
      try producer.flush(timeout: .seconds(20))
      let admin = try KafkaAdmin(configuration: configuration, logger: quiet)
      broker.pushRequestErrors([.notLeaderForPartition], for: .listOffsets)
      #expect(try admin.watermarks(topic: "t", partition: 0, timeout: .seconds(20)) == (0, 5))
    }

    @Test func `a broker that is down and comes back is reached again`() throws {
      let broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 3)
      let configuration: KafkaConfiguration = [
        "bootstrap.servers": broker.bootstrapServers, "reconnect.backoff.max.ms": "200",
      ]
      let admin = try KafkaAdmin(configuration: configuration, logger: quiet)
      #expect(try admin.metadata(topic: "t", timeout: .seconds(10)).topic("t")?.partitions.count == 3)
      try broker.setDown()
      #expect(
        thrown { () throws(KafkaError) in _ = try admin.metadata(topic: "t", timeout: wait) }?.isRetriable
          == true)
      try broker.setUp()
      #expect(try admin.metadata(topic: "t", timeout: .seconds(20)).brokers.map(\.id) == [1])
    }
  }
}
