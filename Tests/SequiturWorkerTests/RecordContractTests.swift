import Foundation
import SequiturWorker
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// What a consumer that is not ours sees of the records.
  @Suite(.enabled(if: TestBroker.isAvailable && PackageRoot.python != nil)) struct RecordContractTests {
    struct Seen: Decodable {
      let topic: String
      let key: String
      let value: String?
      let headers: [[String?]]
      let timestamp: Int

      var names: [String?] { headers.map { $0[0] } }
      subscript(name: String) -> String? { headers.last { $0[0] == name }?[1] }
    }

    @Test func `events and rejections have exactly the headers of the contract`() async throws {
      let (application, seen) = try await outcomes { _ in }
      let commands = application.topics.commands
      let event = seen[0]
      #expect(
        event.names == [
          "ce_id", "ce_type", "ce_sequence", "ce_specversion", "ce_source", "ce_subject", "ce_time",
          "ce_causationid", "content-type", "traceparent", "mine", "mine",
        ])
      #expect(event["ce_id"] == "\(commands)/0/0/0")
      #expect(event["ce_type"] == "created")
      #expect(event["ce_sequence"] == "1")
      #expect(event["ce_specversion"] == "1.0")
      #expect(event["ce_source"] == "/\(application.name)")
      #expect(event["ce_subject"] == "a")
      #expect(event["ce_causationid"] == "id-1")
      #expect(event["content-type"] == "application/json")
      #expect(event["traceparent"] == "00-1")
      #expect(event["mine"] == nil)
      let time = try Date(
        event["ce_time"] ?? "", strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      #expect(Int((time.timeIntervalSince1970 * 1000).rounded()) == event.timestamp)
      #expect(event.value == #"{"customer":"ada","total":1}"#)

      #expect(
        seen[1].names == [
          "ce_type", "ce_id", "rejection-code", "rejection-reason", "object-version", "command-position",
          "command-timestamp", "rejection-source", "original-version",
        ])
      #expect(seen[1]["rejection-code"] == "duplicate")
      #expect(seen[1]["object-version"] == "1")
      #expect(seen[1]["original-version"] == "1")
      #expect(seen[1]["command-position"] == "\(commands)/0/1")
      #expect(seen[1]["rejection-source"] == "/\(application.name)")
      #expect(
        seen[2].names == [
          "ce_type", "rejection-code", "rejection-reason", "object-version", "command-position",
          "command-timestamp", "rejection-source",
        ])
      #expect(seen[2]["object-version"] == "0")
      #expect(seen[2].value == "{}")
    }

    @Test func `the compact envelope keeps three headers`() async throws {
      let (_, seen) = try await outcomes { $0.envelope = .compact }
      #expect(seen[0].names == ["ce_id", "ce_type", "ce_sequence"])
      #expect(seen[1]["rejection-code"] == "duplicate")
    }

    /// The outcomes of a good command, its duplicate, and one without an object.
    private func outcomes(
      _ configure: (inout WorkerConfiguration) -> Void
    ) async throws -> (Application, [Seen]) {
      let application = try await Application()
      var good = Command("a", "create", #"{"customer":"ada","total":1}"#, id: "id-1")
      good.headers += [
        ("content-type", Array("application/json".utf8)), ("traceparent", Array("00-1".utf8)),
        ("mine", [1]), ("mine", nil), ("expected-version", Array("none".utf8)),
        ("ce_time", Array("never".utf8)),
      ]
      try await application.submit(good, Command("a", "create", id: "id-1"), Command("b", "pay"))
      var configuration = application.configuration()
      configure(&configuration)
      try await WorkerInProcess.runUntilCaughtUp(configuration)
      let seen = try await read(application, [application.topics.valid, application.topics.invalid])
      try #require(seen.count == 3)
      return (application, seen)
    }

    @Test(.enabled(if: Incidents.areAvailable))
    func `another client counts the incidents' outcomes as an independent program does`() async throws {
      let application = try await Application(partitions: 4)
      try await application.submit(Incidents.commands())
      try await WorkerProgram.runUntilCaughtUp(application, "one", rules: Incidents.rules)
      let seen = try await count(application)
      let expected = try Incidents.expected()
      #expect(seen.counts[application.topics.valid] == expected.eventTypes)
      #expect(seen.counts[application.topics.invalid] == expected.rejectionCodes)
      #expect(
        seen.names[application.topics.valid] == [
          [
            "ce_id", "ce_type", "ce_sequence", "ce_specversion", "ce_source", "ce_subject", "ce_time",
            "ce_causationid",
          ]
        ])
      #expect(
        seen.names[application.topics.invalid] == [
          [
            "ce_type", "ce_id", "rejection-code", "rejection-reason", "object-version", "command-position",
            "command-timestamp", "rejection-source",
          ]
        ])
    }

    /// By topic: how often each event type or rejection code stands there, and all lists of header names.
    struct Counts: Decodable {
      let counts: [String: [String: Int]]
      let names: [String: Set<[String]>]
    }

    /// Counts the outcomes with the Python client.
    private func count(_ application: Application) async throws -> Counts {
      let topics = [application.topics.valid, application.topics.invalid]
      let output = try await python(application, topics, Self.reading + Self.counting)
      return try JSONDecoder().decode(Counts.self, from: Data(output.utf8))
    }

    /// Reads topics with the Python client.
    private func read(_ application: Application, _ topics: [String]) async throws -> [Seen] {
      let output = try await python(application, topics, Self.reading + Self.printing)
      let decoder = JSONDecoder()
      return try output.utf8.split(separator: UInt8(ascii: "\n"))
        .map { try decoder.decode(Seen.self, from: Data($0)) }
    }

    private func python(_ application: Application, _ topics: [String], _ script: String) async throws
      -> String
    {
      let result = try await RunningProgram.run(
        try #require(PackageRoot.python).path,
        arguments: ["-c", script, application.bootstrap, "\(application.partitions)"] + topics)
      try #require(result.exit == .code(0), "\(result.standardError)")
      return result.standardOutput
    }

    private static let reading = """
      import collections, json, sys
      from confluent_kafka import Consumer, TopicPartition
      bootstrap, partitions, topics = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
      def text(value):
          return None if value is None else value.decode('utf-8', 'replace')
      def read(topic):
          consumer = Consumer({'bootstrap.servers': bootstrap, 'group.id': 'reader', 'enable.auto.commit': False,
                               'enable.partition.eof': True, 'isolation.level': 'read_committed'})
          consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
          ended = 0
          while ended < partitions:
              for message in consumer.consume(5000, 0.1):
                  if message.error():
                      ended += 1
                  else:
                      yield message
          consumer.close()

      """

    private static let printing = """
      for topic in topics:
          for message in read(topic):
              print(json.dumps({'topic': topic, 'key': text(message.key()), 'value': text(message.value()),
                                'headers': [[name, text(value)] for name, value in message.headers() or []],
                                'timestamp': message.timestamp()[1]}))
      """

    private static let counting = """
      counts, names = {}, {}
      for topic, header in zip(topics, ('ce_type', 'rejection-code')):
          counts[topic], names[topic] = collections.Counter(), set()
          for message in read(topic):
              headers = message.headers() or []
              counts[topic][text(dict(headers)[header])] += 1
              names[topic].add(tuple(name for name, _ in headers))
      print(json.dumps({'counts': counts, 'names': {topic: [list(one) for one in names[topic]] for topic in topics}}))
      """
  }
}
