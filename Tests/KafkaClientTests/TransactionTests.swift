import KafkaClient
import Testing

extension KafkaClientTests {
  /// Against the embedded broker, which neither isolates nor fences: only the client's own paths.
  @Suite struct EmbeddedTransactions {
    let broker: EmbeddedBroker
    let producer: TransactionalProducer
    let reports = Recorder<DeliveryReport>()

    init() throws {
      broker = try EmbeddedBroker()
      try broker.createTopic("t", partitions: 1)
      let reports = reports
      producer = try TransactionalProducer(
        configuration: ["bootstrap.servers": broker.bootstrapServers, "transactional.id": "x"], logger: quiet
      ) { reports.add($0) }
      try producer.initTransactions(timeout: .seconds(20))
    }

    @Test func `a committed transaction reports its tagged records`() throws {
      try producer.begin()
      try producer.send("t", key: "", value: "v", tag: 9)
      try producer.commit(timeout: .seconds(20))
      #expect(reports.all.map(\.tag) == [9])
      #expect(reports.all.map(\.offset) == [0])
      #expect(producer.fatalError == nil)
    }

    @Test func `an aborted transaction reports that its records were dropped, and the next one works`() throws
    {
      try producer.begin()
      try producer.send("t", value: "v", tag: 1)
      try producer.abort(timeout: .seconds(20))
      #expect(reports.all.count == 1)
      try producer.begin()
      try producer.send("t", value: "v", tag: 2)
      try producer.commit(timeout: .seconds(20))
      #expect(reports.all.map(\.tag) == [1, 2])
    }

    /// As a coordinator does to which the first partition was not added.
    @Test func `an abort of a transaction that the coordinator does not know is an abort`() throws {
      broker.pushRequestErrors([.topicAuthorizationFailed], for: .addPartitionsToTransaction)
      broker.pushRequestErrors([.invalidTransactionState], for: .endTransaction)
      try producer.begin()
      try producer.send("t", value: "v")
      let error = thrown { () throws(KafkaError) in try producer.commit(timeout: .seconds(20)) }
      #expect(error?.severity == .abortable, "\(error.map { "\($0)" } ?? "")")
      // librdkafka names the partition in its log only.
      #expect(error?.topic == "t" && error?.partition == 0)
    }

    @Test func `what the coordinator does not know and no commit was asked of is aborted`() throws {
      broker.pushRequestErrors([.invalidTransactionState], for: .endTransaction)
      try producer.begin()
      try producer.send("t", value: "v")
      try producer.abort(timeout: .seconds(20))
      #expect(producer.fatalError?.code == .invalidTransactionState)
    }

    @Test func `an abort after the commit was asked for does not hide that the outcome is unknown`() throws {
      broker.pushRequestErrors([.topicAuthorizationFailed, .invalidTransactionState], for: .endTransaction)
      try producer.begin()
      try producer.send("t", value: "v")
      #expect(thrown { () throws(KafkaError) in try producer.commit(timeout: .seconds(20)) } != nil)
      let error = thrown { () throws(KafkaError) in try producer.abort(timeout: .seconds(20)) }
      #expect(error?.code == .invalidTransactionState, "\(error.map { "\($0)" } ?? "no error")")
    }

    /// On a real broker, an abort that overtakes the first partition ends the producer.
    @Test(arguments: 0..<4)
    func `an abort waits for the partitions that are being added`(records: Int) throws {
      broker.pushRequestErrors(
        [.concurrentTransactions, .concurrentTransactions], for: .addPartitionsToTransaction)
      for round in 0..<3 {
        try producer.begin()
        for record in 0..<records { try producer.send("t", value: "\(record)", tag: UInt(record + 1)) }
        try producer.abort(timeout: .seconds(20))
        #expect(producer.fatalError == nil, "round \(round)")
      }
      try producer.begin()
      try producer.commit(timeout: .seconds(20))
    }

    @Test func `a record outside a transaction is refused`() throws {
      let topic = try producer.topic("t")
      let error = thrown { () throws(KafkaError) in
        try producer.produce(
          topic: topic, partition: 0, key: nil, value: nil, headers: HeaderList(capacity: 1))
      }
      #expect(error?.code == .state)
      #expect(error?.topic == "t")
    }

    @Test func `a failed delivery makes the commit abortable and is named in its error`() throws {
      broker.pushRequestErrors([.topicAuthorizationFailed], for: .produce)
      try producer.begin()
      try producer.send("t", value: "v")
      let error = thrown { () throws(KafkaError) in try producer.commit(timeout: .seconds(20)) }
      #expect(error?.severity == .abortable)
      #expect(
        error?.detail.contains("TOPIC_AUTHORIZATION_FAILED at t/0") == true, "\(error.map { "\($0)" } ?? "")")
      try producer.abort(timeout: .seconds(20))
      try producer.begin()
      try producer.commit(timeout: .seconds(20))
    }

    @Test func `a record that fails while others are produced is named by the next one`() throws {
      broker.pushRequestErrors([.invalidTimestamp], for: .produce)
      try producer.begin()
      var error: KafkaError?
      let found = poll(for: .seconds(20)) {
        do {
          try producer.send("t", value: "v")
        } catch let thrown as KafkaError {
          error = thrown
        } catch {
          Issue.record(error)
        }
      } until: {
        error != nil
      }
      #expect(
        found && error?.code == .invalidTimestamp && error?.severity == .abortable,
        "\(error.map { "\($0)" } ?? "")")
      #expect(error?.topic == "t" && error?.partition == 0)
      try producer.abort(timeout: .seconds(20))
      try producer.begin()
      try producer.commit(timeout: .seconds(20))
    }

    @Test(arguments: [KafkaError.Code.producerFenced, .invalidProducerEpoch])
    func `a fence at the commit ends the producer as fenced`(code: KafkaError.Code) throws {
      broker.pushRequestErrors([code], for: .endTransaction)
      try producer.begin()
      try producer.send("t", value: "v")
      let error = thrown { () throws(KafkaError) in try producer.commit(timeout: .seconds(20)) }
      #expect(error?.severity == .fenced, "\(error.map { "\($0)" } ?? "")")
      #expect(producer.fatalError?.severity == .fenced)
      let later = thrown { () throws(KafkaError) in try producer.begin() }
      #expect(later?.severity == .fenced, "\(later.map { "\($0)" } ?? "")")
    }

    @Test(arguments: [
      KafkaError.Code.illegalGeneration, .unknownMemberID, .fencedInstanceID,
    ])
    func `offsets of a lost membership ask for an abort`(code: KafkaError.Code) throws {
      let consumer = try KafkaConsumer(
        configuration: ["bootstrap.servers": broker.bootstrapServers, "group.id": "g"], logger: quiet)
      try consumer.subscribe(["t"])
      #expect(try consumer.generation() == nil)
      let joined = poll {
        _ = consumer.poll(timeout: .milliseconds(50))
      } until: {
        consumer.memberID != nil && (try? consumer.assignment().count) == 1
      }
      #expect(joined)
      guard let metadata = try consumer.groupMetadata() else {
        Issue.record("the consumer is no member")
        return
      }
      broker.pushRequestErrors([code], for: .transactionOffsetCommit)
      let offsets = [TopicPartitionOffset(topic: "t", partition: 0, offset: 1)]
      try producer.begin()
      let error = thrown { () throws(KafkaError) in
        try producer.sendOffsets(offsets, groupMetadata: metadata, timeout: .seconds(20))
      }
      #expect(error?.code == code)
      #expect(error?.severity == .abortable)
      try producer.abort(timeout: .seconds(20))
      try producer.begin()
      try producer.sendOffsets(offsets, groupMetadata: metadata, timeout: .seconds(20))
      try producer.commit(timeout: .seconds(20))
      try consumer.close(timeout: .seconds(20))
    }

    @Test func `a coordinator that is loading or busy is retried inside`() throws {
      broker.pushRequestErrors(
        [.coordinatorLoadInProgress, .concurrentTransactions], for: .addPartitionsToTransaction)
      broker.pushRequestErrors([.coordinatorNotAvailable, .notCoordinator], for: .endTransaction)
      try producer.begin()
      try producer.send("t", value: "v")
      try producer.commit(timeout: .seconds(20))
    }
  }

  /// Against a broker named by SEQUITUR_TEST_BOOTSTRAP.
  @Suite(
    .enabled(
      if: externalBroker != nil, "SKIPPED: set SEQUITUR_TEST_BOOTSTRAP to a broker to test transactions"))
  struct BrokerTransactions {
    let configuration: KafkaConfiguration
    let admin: KafkaAdmin
    let first = uniqueName("first")
    let second = uniqueName("second")

    init() throws {
      configuration = ["bootstrap.servers": externalBroker ?? ""]
      admin = try KafkaAdmin(configuration: configuration, logger: quiet)
      let results = try admin.createTopics(
        [
          NewTopic(name: first, partitions: 1),
          NewTopic(name: second, partitions: 1, configuration: ["cleanup.policy": "compact"]),
        ],
        timeout: .seconds(30))
      #expect(results.allSatisfy { $0.error == nil })
      let (admin, names) = (admin, [first, second])
      #expect(
        poll {
        } until: {
          names.allSatisfy { (try? admin.metadata(topic: $0, timeout: .seconds(10)).topic($0)) != nil }
        })
    }

    func producer(_ id: String) throws -> TransactionalProducer {
      let producer = try TransactionalProducer(
        configuration: configuration.merging(["transactional.id": id]), logger: quiet)
      let done = poll(for: .seconds(60)) {
      } until: {
        (try? producer.initTransactions(timeout: .seconds(30))) != nil
      }
      try #require(done)
      return producer
    }

    func committedRecords(_ topic: String) throws -> [Received] {
      let reader = try KafkaConsumer(
        configuration: configuration.merging(["enable.partition.eof": "true"]), logger: quiet)
      try reader.assign([TopicPartitionOffset(topic: topic, partition: 0, offset: 0)])
      return reader.mainQueue.takeToEnd()
    }

    @Test func `two topics show a committed transaction and none of an aborted one`() throws {
      let producer = try producer(uniqueName("id"))
      for (round, isCommitted) in [true, false, true].enumerated() {
        try producer.begin()
        try producer.send(first, key: "k", value: "\(round)")
        try producer.send(second, key: "", value: "\(round)")
        if isCommitted {
          try producer.commit(timeout: .seconds(30))
        } else {
          try producer.abort(timeout: .seconds(30))
        }
      }
      for (topic, key) in [(first, "k"), (second, "")] {
        var high: Int64 = 0
        var received: [Received] = []
        // Markers are written after the commit's answer.
        #expect(
          poll {
            high = (try? admin.watermarks(topic: topic, partition: 0, timeout: .seconds(10)).high) ?? 0
            received = (try? committedRecords(topic)) ?? []
          } until: {
            received.count == 3 && received.last?.offset == high
          })
        #expect(received.map(\.value) == ["0", "2", nil])
        #expect(received.map(\.key) == [key, key, nil])
        // The last offset is a control record's: the end lies behind it.
        #expect(high > (received.dropLast().last?.offset ?? 0) + 1)
      }
    }

    /// Back to back, since a coordinator that still writes the markers of the one before adds no partitions.
    @Test func `aborts at every step leave a producer that goes on`() throws {
      let producer = try producer(uniqueName("id"))
      for round in 0..<20 {
        try producer.begin()
        if round % 4 > 0 { try producer.send(first, value: "dropped") }
        if round % 4 > 1 { try producer.send(second, key: "k", value: "dropped") }
        if round % 4 > 2 { try producer.flush(timeout: .seconds(30)) }
        try producer.abort(timeout: .seconds(30))
        #expect(producer.fatalError == nil, "round \(round)")
        try producer.begin()
        try producer.send(first, value: "\(round)")
        try producer.commit(timeout: .seconds(30))
      }
      #expect(try committedRecords(first).compactMap(\.value) == (0..<20).map { "\($0)" })
    }

    @Test func `offsets sent in a transaction are the group's once it is committed`() throws {
      let group = uniqueName("group")
      let consumer = try KafkaConsumer(
        configuration: configuration.merging(["group.id": group]), logger: quiet)
      try consumer.subscribe([first])
      #expect(
        poll {
          _ = consumer.poll(timeout: .milliseconds(50))
        } until: {
          (try? consumer.assignment().count) == 1
        })
      guard let metadata = try consumer.groupMetadata() else {
        Issue.record("the consumer is no member")
        return
      }
      let producer = try producer(uniqueName("id"))
      try producer.begin()
      try producer.sendOffsets(
        [TopicPartitionOffset(topic: first, partition: 0, offset: 42)], groupMetadata: metadata,
        timeout: .seconds(30))
      try producer.commit(timeout: .seconds(30))
      let partition = TopicPartition(topic: first, partition: 0)
      var offset: Int64?
      #expect(
        poll {
          offset = try? consumer.committed([partition], timeout: .seconds(10))[partition]
        } until: {
          offset == 42
        })
      try consumer.close(timeout: .seconds(30))
    }

    @Test func `a second producer with the same id fences the first`() throws {
      let id = uniqueName("id")
      let zombie = try producer(id)
      try zombie.begin()
      try zombie.send(first, value: "of the zombie")
      zombie.poll(timeout: .milliseconds(200))
      let heir = try producer(id)
      let error = thrown { () throws(KafkaError) in try zombie.commit(timeout: .seconds(30)) }
      #expect(error?.severity == .fenced, "\(error.map { "\($0)" } ?? "")")
      try heir.begin()
      try heir.send(first, value: "of the heir")
      try heir.commit(timeout: .seconds(30))
      #expect(try committedRecords(first).map(\.value) == ["of the heir", nil])
    }

    @Test func `an open transaction lies between the stable offset and the high watermark`() throws {
      let reader = try KafkaConsumer(configuration: configuration, logger: quiet)
      let producer = try producer(uniqueName("id"))
      try producer.begin()
      for value in 0..<10 { try producer.send(first, value: "\(value)") }
      var high: Int64 = 0
      let name = first
      #expect(
        poll {
          producer.poll(timeout: .milliseconds(50))
        } until: {
          high = (try? admin.watermarks(topic: name, partition: 0, timeout: .seconds(10)).high) ?? 0
          return high == 10
        })
      #expect(try reader.watermarks(topic: first, partition: 0, timeout: .seconds(10)).high == 0)
      try producer.abort(timeout: .seconds(30))
    }
  }

  @Suite(
    .enabled(if: externalBroker != nil, "SKIPPED: set SEQUITUR_TEST_BOOTSTRAP to a broker to test the admin"))
  struct BrokerAdmin {
    let admin: KafkaAdmin
    let configuration: KafkaConfiguration
    let name = uniqueName("topic")

    init() throws {
      configuration = ["bootstrap.servers": externalBroker ?? ""]
      admin = try KafkaAdmin(configuration: configuration, logger: quiet)
    }

    @Test func `topics are created, described, grown, emptied and deleted`() throws {
      let wait = Duration.seconds(30)
      let topic = NewTopic(name: name, partitions: 2, configuration: ["retention.ms": "3600000"])
      #expect(try admin.createTopics([topic], timeout: wait).map(\.error?.code) == [nil])
      let again = try admin.createTopics([topic], timeout: wait)
      #expect(again.map(\.error?.code) == [.topicAlreadyExists])
      #expect(again.map(\.topic) == [name])
      #expect(try admin.describeTopicConfiguration(name, timeout: wait)["retention.ms"] == "3600000")
      #expect(admin.clusterID(timeout: wait)?.isEmpty == false)
      try admin.createPartitions(topic: name, total: 3, timeout: wait)
      let (admin, name) = (admin, name)
      #expect(
        poll {
        } until: {
          (try? admin.metadata(topic: name, timeout: wait).topic(name)?.partitions.count) == 3
        })

      let producer = try KafkaProducer(configuration: configuration, logger: quiet)
      for value in 0..<5 { try producer.send(name, key: "\(value)", value: "v") }
      try producer.flush(timeout: wait)
      let position = TopicPartitionOffset(topic: name, partition: 0, offset: 3)
      #expect(try admin.deleteRecords(before: [position], timeout: wait)[position.topicPartition] == 3)
      #expect(try admin.watermarks(topic: name, partition: 0, timeout: wait) == (3, 5))
      #expect(try admin.deleteTopics([name], timeout: wait).map(\.error?.code) == [nil])
      #expect(
        try admin.deleteTopics([uniqueName("absent")], timeout: wait).map(\.error?.code)
          == [.unknownTopicOrPartition])
    }
  }
}
