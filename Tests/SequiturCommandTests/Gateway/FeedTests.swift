import Foundation
import FoundationXML
import KafkaClient
import SeededRandom
import TestBroker
import Testing

extension SequiturCommandTests {
  /// Pages of the feed, and polls.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct FeedTests {
    /// Runs `body` with a gateway and a worker.
    private func with(
      partitions: Int, _ body: (FollowedApplication, Int) async throws -> Void
    ) async throws {
      try await FollowedApplication.with(partitions: partitions) { application in
        let fixture = GatewayFixture(
          topics: application.topics, rules: application.directory.appending(path: "orders.yaml").path)
        let worker = try application.startWorker()
        defer { worker.kill() }
        let (gateway, port) = try await fixture.start()
        defer { gateway.kill() }
        try await body(application, port)
      }
    }

    private func ask(
      _ port: Int, _ path: String, _ fields: [String: String] = [:]
    ) async throws -> GatewayFixture.Answer {
      try await GatewayFixture.ask(port, "GET", path, nil, fields)
    }

    /// An event's id without its topic.
    private static func place(_ id: String) -> String {
      id.split(separator: "/").dropFirst().joined(separator: "/")
    }

    /// Appends events with payloads of so many bytes.
    private func append(_ count: Int, bytes: Int, to topics: TopicFixture) throws {
      let producer = try KafkaProducer(configuration: topics.client, logger: quiet)
      let topic = try producer.topic(topics.valid)
      let payload = Array("{\"text\":\"\(String(repeating: "x", count: bytes))\"}".utf8)
      for number in 0..<count {
        var headers = HeaderList(capacity: 3)
        headers.add(name: "ce_id", value: "\(topics.commands)/0/\(number)/0")
        headers.add(name: "ce_type", value: "made")
        headers.add(name: "ce_sequence", value: "\(number + 1)")
        try Array("<o & \(number)>".utf8).withUnsafeBytes { key in
          try payload.withUnsafeBytes {
            try producer.produce(topic: topic, partition: 0, key: key, value: $0, headers: headers.copy())
          }
        }
      }
      try producer.flush(timeout: .seconds(60))
    }

    @Test func `a page that has more than is held at once is whole in every form`() async throws {
      try await with(partitions: 1) { application, port in
        // 1,000 events are 4 MB, and come in pieces.
        let count = 1200
        try append(count, bytes: 4000, to: application.topics)
        let lines = try await ask(port, "/feed/0/0")
        let read = lines.body.split(separator: "\n")
        #expect(read.count == 1000)
        for (number, line) in read.enumerated() {
          #expect(
            line.hasPrefix("{\"key\":\"\\u003co & \(number)>\",\"version\":\(number + 1),"), "\(number)")
        }
        let cloud = try await ask(port, "/feed/0/0", ["Accept": "application/cloudevents-batch+json"])
        let batch = try JSONSerialization.jsonObject(with: Data(cloud.body.utf8)) as? [[String: Any]]
        #expect(batch?.map { $0["sequence"] as? String } == (1...1000).map { "\($0)" })
        let atom = try await ask(port, "/feed/0/0", ["Accept": "application/atom+xml;q=0.9, */*;q=0.1"])
        #expect(atom["Content-Type"] == "application/atom+xml")
        let parser = XMLReading(atom.body)
        #expect(parser.isWellFormed)
        let titles = (0..<1000).map { "made <o & \($0)>" }
        #expect(Array(parser.titles.dropFirst()) == titles)
        #expect(parser.links.contains("next /feed/0/1"))
        // Each form has a tag of its own, which stays.
        let tags = [lines, cloud, atom].map { $0["ETag"] ?? "" }
        #expect(Set(tags).count == 3)
        #expect(try await ask(port, "/feed/0/0", ["If-None-Match": tags[0]]).status == 304)
        #expect(try await ask(port, "/feed/0/0", ["If-None-Match": tags[1]]).status == 200)
        let last = try await ask(port, "/feed/0/1")
        try append(1, bytes: 10, to: application.topics)
        #expect(try await ask(port, "/feed/0/1")["ETag"] != last["ETag"])
      }
    }

    @Test func `pages and old outcomes are found without librdkafka's sleep`() async throws {
      try await with(partitions: 2) { application, port in
        var random = SplitMix64(seed: 5)
        try await application.decide(4000, &random)
        _ = try await ask(port, "/feed/0")
        // Each of them slept once and more: it took a second.
        let begin = ContinuousClock.now
        let paths = (0..<10).flatMap { _ in ["/feed/0", "/feed/1/0", "/feed/1", "/feed/0/0"] }
        for path in paths { #expect(try await ask(port, path).status == 200) }
        let time = ContinuousClock.now - begin
        #expect(time < .seconds(20), "\(paths.count) pages took \(time)")
      }
    }

    @Test func `requests that were abandoned leave the fetchers to others`() async throws {
      try await with(partitions: 1) { application, port in
        try append(3000, bytes: 4000, to: application.topics)
        var clients: [RunningProgram] = []
        defer { for client in clients { client.kill() } }
        for _ in 0..<10 {
          clients.append(
            try RunningProgram.start(
              "curl",
              arguments: [
                "-s", "--limit-rate", "1k", "--max-time", "100", "http://127.0.0.1:\(port)/feed/0/1",
              ]))
          clients.append(
            try RunningProgram.start(
              "curl", arguments: ["-s", "--max-time", "100", "http://127.0.0.1:\(port)/feed?timeout=100000"]))
        }
        for client in clients.prefix(10) { client.kill() }
        // Slow clients hold none either.
        #expect(try await ask(port, "/feed/0/0").body.utf8.count > 4_000_000)
      }
    }

    @Test func `polls tell every event once, by partition in order, and wait for the next one`() async throws
    {
      try await with(partitions: 3) { application, port in
        var random = SplitMix64(seed: 9)
        try await application.decide(4000, &random)
        struct CloudEvent: Decodable { let id: String; let eventid: String; let type: String }
        func poll(_ query: String) async throws -> [CloudEvent] {
          let answer = try await ask(port, "/feed" + query)
          #expect(answer.status == 200, "\(answer)")
          #expect(answer["Content-Type"] == "application/cloudevents-batch+json")
          return try JSONDecoder().decode([CloudEvent].self, from: Data(answer.body.utf8))
        }
        var read: [CloudEvent] = []
        while true {
          let events = try await poll(read.last.map { "?lastEventId=\($0.id)" } ?? "")
          if events.isEmpty { break }
          read += events
        }
        let expected = try application.events()
        #expect(Set(read.map(\.id)).count == expected.count)
        for partition in 0..<3 {
          let told = read.map(\.eventid).filter { Self.place($0).hasPrefix("\(partition)/") }
          let written = expected.filter { $0.partition == partition }.map(\.id)
          #expect(told.map(Self.place) == written.map(Self.place))
        }
        // Another gateway goes on by the same id.
        let last = try #require(read.last?.id)
        async let next = poll("?lastEventId=\(last)&timeout=60000")
        for number in 0..<3 {
          _ = try await GatewayFixture.ask(
            port, "POST", "/objects/new-\(number)/commands/create", #"{"total":5}"#, ["Prefer": "wait=30"])
        }
        #expect(try await next.first?.type == "created")
        #expect(try await poll("?lastEventId=\(last)&timeout=1").count == 3)
        for bad in [
          "?lastEventId=x", "?lastEventId=0:1", "?lastEventId=0:1,1:2", "?timeout=-1", "?timeout=x",
          "?lastEventId=%FF",
        ] {
          #expect(try await ask(port, "/feed" + bad).status == 400, "\(bad)")
        }
      }
    }

    @Test func `what was deleted is 410, with the first page that is whole`() async throws {
      try await with(partitions: 1) { application, port in
        try append(3500, bytes: 10, to: application.topics)
        let admin = try KafkaAdmin(configuration: application.topics.client, logger: quiet)
        try admin.deleteRecords(
          before: [TopicPartitionOffset(topic: application.topics.valid, partition: 0, offset: 1500)],
          timeout: .seconds(20))
        for path in ["/feed/0/0", "/feed/0/1"] {
          let answer = try await ask(port, path)
          #expect(answer.status == 410)
          #expect(answer.body.contains("\"first\":\"/feed/0/2\""), "\(answer.body)")
        }
        let second = try await ask(port, "/feed/0/2")
        #expect(second.status == 200 && second["Link"] == "</feed/0/3>; rel=\"next\"")
        #expect(try await ask(port, "/feed?lastEventId=0:1499").status == 410)
        #expect(try await ask(port, "/feed?lastEventId=0:1500").body.contains("\"id\":\"0:1501\""))
        #expect(try await ask(port, "/feed").body.contains("\"id\":\"0:1501\""))
      }
    }
  }
}

/// Reads a document with Foundation's parser.
private final class XMLReading: NSObject, XMLParserDelegate {
  private(set) var isWellFormed = false
  private(set) var titles: [String] = []
  private(set) var links: [String] = []
  private var text: String?

  init(_ document: String) {
    super.init()
    let parser = XMLParser(data: Data(document.utf8))
    parser.delegate = self
    isWellFormed = parser.parse()
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    if name == "title" { text = "" }
    if name == "link", let relation = attributes["rel"] {
      links.append("\(relation) \(attributes["href"] ?? "")")
    }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text? += string }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    if name == "title", let text { titles.append(text) }
    text = nil
  }
}
