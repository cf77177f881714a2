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
          "original-version",
        ])
      #expect(seen[1]["rejection-code"] == "duplicate")
      #expect(seen[1]["object-version"] == "1")
      #expect(seen[1]["original-version"] == "1")
      #expect(seen[1]["command-position"] == "\(commands)/0/1")
      #expect(
        seen[2].names == [
          "ce_type", "rejection-code", "rejection-reason", "object-version", "command-position",
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
      let seen = try await read(application, [application.topics.valid, application.topics.invalid])
      let expected = try Incidents.expected()
      let events = seen.filter { $0.topic == application.topics.valid }
      let rejections = seen.filter { $0.topic == application.topics.invalid }
      #expect(
        Dictionary(grouping: events, by: { $0["ce_type"] ?? "" }).mapValues(\.count) == expected.eventTypes)
      #expect(
        Dictionary(grouping: rejections, by: { $0["rejection-code"] ?? "" }).mapValues(\.count)
          == expected.rejectionCodes)
      #expect(
        Set(events.map(\.names)) == [
          [
            "ce_id", "ce_type", "ce_sequence", "ce_specversion", "ce_source", "ce_subject", "ce_time",
            "ce_causationid",
          ]
        ])
      #expect(
        Set(rejections.map(\.names)) == [
          ["ce_type", "ce_id", "rejection-code", "rejection-reason", "object-version", "command-position"]
        ])
    }

    /// Reads topics with the Python client.
    private func read(_ application: Application, _ topics: [String]) async throws -> [Seen] {
      let result = try await RunningProgram.run(
        try #require(PackageRoot.python).path,
        arguments: ["-c", Self.script, application.bootstrap, "\(application.partitions)"] + topics)
      try #require(result.exit == .code(0), "\(result.standardError)")
      let decoder = JSONDecoder()
      return try result.standardOutput.utf8.split(separator: UInt8(ascii: "\n"))
        .map { try decoder.decode(Seen.self, from: Data($0)) }
    }

    private static let script = """
      import json, sys
      from confluent_kafka import Consumer, TopicPartition
      bootstrap, partitions, topics = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
      def text(value):
          return None if value is None else value.decode('utf-8', 'replace')
      for topic in topics:
          consumer = Consumer({'bootstrap.servers': bootstrap, 'group.id': 'reader', 'enable.auto.commit': False,
                               'enable.partition.eof': True, 'isolation.level': 'read_committed'})
          consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
          ended = 0
          while ended < partitions:
              for message in consumer.consume(5000, 0.1):
                  if message.error():
                      ended += 1
                      continue
                  print(json.dumps({'topic': topic, 'key': text(message.key()), 'value': text(message.value()),
                                    'headers': [[name, text(value)] for name, value in message.headers() or []],
                                    'timestamp': message.timestamp()[1]}))
          consumer.close()
      """
  }
}
