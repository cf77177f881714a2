import KafkaClient
import PartitionEngine
import SequiturFollower
import SequiturTopics
import TestBroker
import Testing
import WrittenTopics

extension FollowerTests {
  /// What cannot be followed exactly is said, and nothing of it is applied.
  struct FollowFailureTests {
    private func fault(
      _ topics: WrittenTopics, _ topic: FollowedTopic? = nil, _ sink: KeptSink = KeptSink()
    ) async throws -> FollowFault? {
      var configuration = topics.configuration(topic)
      // A marker may come after the answer to the commit.
      configuration.goal = .written
      let failure = await #expect(throws: FollowFailure.self) {
        try await Follower(configuration: configuration, sink: sink).run()
      }
      #expect(failure?.partition == 0)
      return failure?.fault
    }

    private static let states: [(name: String, record: WrittenTopics.Record)] = [
      ("a null key", .init(key: nil, value: "{}", headers: [("v", "1")])),
      ("a key that is too long", .state(String(repeating: "k", count: 1_025), "{}")),
      ("no version", .init(key: "a", value: "{}")),
      ("a version that is none", .init(key: "a", value: "{}", headers: [("v", "0")])),
      ("ids that are none", .init(key: "a", value: "{}", headers: [("v", "1"), ("ids", "x")])),
      ("a checkpoint that is none", .init(key: "", value: "{}")),
      ("a checkpoint of a newer format", .init(key: "", value: #"{"format":2,"position":1,"partitions":1}"#)),
    ]

    @Test(arguments: states.indices)
    func `a changelog record that cannot be decoded is named`(index: Int) async throws {
      let topics = try WrittenTopics()
      try topics.write([.state("good", "1"), topics.checkpoint(1)])
      try topics.write([Self.states[index].record, topics.checkpoint(2)])
      let sink = KeptSink()
      guard case .unreadable(let offset, _)? = try await fault(topics, nil, sink) else {
        Issue.record("\(Self.states[index].name) is unreadable")
        return
      }
      #expect(offset == 3, "two records and the first transaction's marker stand before it")
      #expect(sink.records.allSatisfy { $0 == "good=1" })
    }

    @Test(arguments: ["ce_id", "ce_type", "ce_sequence"])
    func `an event without a header that each has is named`(header: String) async throws {
      let topics = try WrittenTopics()
      var event = topics.event("a", version: 1, command: 0)
      event.headers.removeAll { $0.0 == header }
      try topics.write([event], to: topics.names.valid)
      guard case .unreadable(0, _)? = try await fault(topics, topics.events) else {
        Issue.record("an event without \(header) is unreadable")
        return
      }
    }

    @Test(arguments: ["application", "commands-topic"])
    func `another application's checkpoint is told by its header`(header: String) async throws {
      let topics = try WrittenTopics()
      var checkpoint = topics.checkpoint(1)
      checkpoint.headers = [(header, "other")]
      try topics.write([.state("a", "1"), checkpoint])
      let sink = KeptSink()
      #expect(
        try await fault(topics, nil, sink)
          == .otherApplication(offset: 1, says: "the header \(header) says other"))
      #expect(sink.calls == [])
    }

    @Test(arguments: [("ce_source", "/other"), ("ce_id", "other/0/1/0"), ("ce_id", "x")])
    func `another application's event is told by its header`(header: String, value: String) async throws {
      let topics = try WrittenTopics()
      var event = topics.event("a", version: 1, command: 0)
      event.headers.removeAll { $0.0 == header }
      event.headers.append((header, value))
      try topics.write([event], to: topics.names.valid)
      guard case .otherApplication(0, let says)? = try await fault(topics, topics.events) else {
        Issue.record("\(header)=\(value) is another application's")
        return
      }
      #expect(says.contains(value))
    }

    @Test(arguments: ["rejection-code", "command-position"])
    func `a rejection without a header that each has is named`(header: String) async throws {
      let topics = try WrittenTopics()
      // What the command brought in front of the worker's headers says nothing.
      var rejection = topics.rejection(
        "a", command: 0, of: [("command-position", "\(topics.names.commands)/0/7")])
      rejection.headers.removeAll { $0.0 == header && $0.1 != "\(topics.names.commands)/0/7" }
      try topics.write([rejection], to: topics.names.invalid)
      guard case .unreadable(0, _)? = try await fault(topics, topics.rejections) else {
        Issue.record("a rejection without \(header) is unreadable")
        return
      }
    }

    @Test(arguments: [
      ("rejection-source", "/other"), ("command-position", "other/0/1"), ("command-position", "x"),
    ])
    func `another application's rejection is told by its header`(header: String, value: String) async throws {
      let topics = try WrittenTopics()
      var rejection = topics.rejection("a", command: 0)
      rejection.headers.removeAll { $0.0 == header }
      rejection.headers.append((header, value))
      try topics.write([rejection], to: topics.names.invalid)
      guard case .otherApplication(0, let says)? = try await fault(topics, topics.rejections) else {
        Issue.record("\(header)=\(value) is another application's")
        return
      }
      #expect(says.contains(value))
      // Who knows only the topics' names holds the commands topic against it alone.
      let sink = KeptSink()
      var configuration = topics.configuration(topics.rejections.ofAnyApplication())
      configuration.goal = .written
      let anyone = Follower(configuration: configuration, sink: sink)
      if header == "rejection-source" {
        try await anyone.run()
        #expect(sink.position(of: 0)?.command == 1)
      } else {
        await #expect(throws: FollowFailure.self) { try await anyone.run() }
      }
    }

    @Test func `a checkpoint of another number of partitions is a fault`() async throws {
      let topics = try WrittenTopics(partitions: 2)
      try topics.write([.state("a", "1"), topics.checkpoint(1, partitions: 1)])
      #expect(
        try await fault(topics) == .partitionCountChanged(checkpoint: 1, now: 2, offset: 1))
    }

    @Test func `states behind the last checkpoint are a fault, since nothing will complete them`()
      async throws
    {
      let topics = try WrittenTopics()
      try topics.write([.state("a", "1"), topics.checkpoint(1)])
      try topics.write([.state("b", "stray")])
      let sink = KeptSink()
      guard case .noCheckpoint? = try await fault(topics, nil, sink) else {
        Issue.record("a stray state has no checkpoint")
        return
      }
      #expect(sink.records == ["a=1"])
    }

    @Test func `a changelog whose first records were deleted is a fault`() async throws {
      let topics = try WrittenTopics()
      try topics.write([.state("a", "1"), topics.checkpoint(1)])
      try topics.write([.state("b", "1"), topics.checkpoint(2)])
      let place = TopicPartitionOffset(topic: topics.names.changelog, partition: 0, offset: 1)
      _ = try topics.admin.deleteRecords(before: [place], timeout: .seconds(20))
      #expect(try await fault(topics) == .recordsGone(needed: 0, logStart: 1, of: .changelog))
    }

    @Test func `a changelog that was created again is found by its end, and by its incarnation`() async throws
    {
      let topics = try WrittenTopics()
      try topics.write([.state("a", "1"), topics.checkpoint(1)])
      let first = KeptSink()
      try await Follower(configuration: topics.configuration(), sink: first).run()
      let position = try #require(first.position(of: 0))
      try await topics.recreateChangelog()
      let sink = KeptSink(at: [0: position])
      #expect(
        try await fault(topics, nil, sink) == .positionBeyondEnd(needed: position.offset, end: 0))
      var other = topics.checkpoint(1)
      other.headers.removeAll { $0.0 == "incarnation" }
      other.headers.append(("incarnation", "8"))
      try topics.write([.state("a", "1"), other])
      #expect(try await fault(topics, nil, sink) == .otherIncarnation(known: 7, found: 8))
      #expect(sink.calls == [])
    }

    @Test func `a changelog that is created again while it is followed ends the follower`() async throws {
      let topics = try WrittenTopics()
      for number in 1...5 { try topics.write([.state("a", "\(number)"), topics.checkpoint(number)]) }
      var configuration = topics.configuration()
      configuration.stopsWhenCaughtUp = false
      let sink = KeptSink()
      let follower = Follower(configuration: configuration, sink: sink)
      let run = Task { try await follower.run() }
      defer { follower.stop() }
      try await eventually("the states") { sink.table["a"] == "5" }
      try await topics.recreateChangelog()
      let failure = await #expect(throws: FollowFailure.self) { try await run.value }
      #expect(failure?.fault.isRecreated == true, "\(failure as Any)")
      #expect(sink.table == ["a": "5"])
    }

    @Test func `a topic that is not there, or a partition, is named`() async throws {
      let topics = try WrittenTopics()
      var configuration = topics.configuration()
      configuration.partitions = [0, 5]
      let missing = await #expect(throws: KafkaError.self) {
        try await Follower(configuration: configuration, sink: KeptSink()).run()
      }
      #expect(missing?.partition == 5)
      let nobody = TopicNames(applicationID: TestBroker.uniqueName("nobody"))
      await #expect(throws: TopicFault.self) {
        try await Follower(
          configuration: topics.configuration(.changelog(nobody, of: "nobody")), sink: KeptSink()
        ).run()
      }
    }
  }
}
