import Foundation
import KafkaClient
import TestBroker
import Testing

extension SequiturCommandTests {
  /// Statuses that need more than a request: a broker that is away, a topic that is shorter, a gateway that is full. 401 and 403 are
  /// those of `GatewayAccessTests`, 408, 421 and 431 of the server's own tests, the others of `GatewayTests` and `GatewayReadTests`.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct GatewayStatusTests {
    private func with(
      on broker: String? = nil, worker hasWorker: Bool = false, _ more: [String] = [],
      _ body: (FollowedApplication, Int) async throws -> Void
    ) async throws {
      try await withFile("orders.yaml", Data(FollowedApplication.rules.utf8)) { path in
        let application = FollowedApplication(
          topics: try TopicFixture(on: broker), directory: URL(filePath: path).deletingLastPathComponent())
        let worker = hasWorker ? try application.startWorker() : nil
        defer { worker?.kill() }
        let (gateway, port) = try await GatewayFixture(topics: application.topics, rules: path).start(more)
        defer { gateway.kill() }
        try await body(application, port)
      }
    }

    private func create(
      _ port: Int, _ key: String = "o", prefer: String
    ) async throws -> GatewayFixture.Answer {
      try await GatewayFixture.ask(
        port, "POST", "/objects/\(key)/commands/create", #"{"total":5}"#, ["Prefer": prefer])
    }

    private func curl(_ port: Int, _ path: String, _ arguments: String...) async throws -> String {
      let result = try await RunningProgram.run(
        "curl",
        arguments: ["-s", "-m", "60", "-w", "\n%{http_code}", "http://127.0.0.1:\(port)\(path)"] + arguments)
      return result.output.standardOutput
    }

    @Test func `a body without a length is answered 411, and one that is too large 413`() async throws {
      try await with { application, port in
        for path in ["/objects/o/commands/create", "/commands"] {
          let chunked = try await curl(port, path, "-H", "Transfer-Encoding: chunked", "-d", "{}")
          #expect(chunked.hasSuffix("\n411") && chunked.contains("length-required"), "\(chunked)")
          try await withFile("large", Data(count: 17 << 20)) { file in
            let large = try await curl(port, path, "--data-binary", "@\(file)", "-H", "Expect: 100-continue")
            #expect(large.hasSuffix("\n413") && large.contains("too-large"), "\(large)")
          }
        }
        let lines = String(repeating: "{}\n", count: 10_001)
        let many = try await GatewayFixture.ask(port, "POST", "/commands", lines)
        #expect(many.status == 413, "\(many)")
        #expect(try application.topics.read(application.topics.commands).isEmpty)
      }
    }

    @Test func `a gateway that holds as many requests as it may answers 429, and appends nothing`()
      async throws
    {
      try await with(["--requests-max", "1"]) { application, port in
        async let held = create(port, prefer: "wait=60")
        var refused = try await GatewayFixture.ask(port, "GET", "/live")
        try await eventually("the gateway to be full") {
          guard try application.topics.read(application.topics.commands).count == 1 else { return false }
          refused = try await create(port, "other", prefer: "wait=60")
          return true
        }
        #expect(refused.status == 429 && refused.body.contains("too-many-requests"), "\(refused)")
        #expect(refused["Retry-After"].flatMap { Int($0) }.map { $0 >= 1 } ?? false)
        let line = try await GatewayFixture.ask(
          port, "POST", "/commands", #"{"key":"z","type":"create","payload":{"total":1}}"#)
        #expect(line.status == 200 && line.body.contains("\"status\":429"), "\(line)")
        #expect(try application.topics.read(application.topics.commands).count == 1)
        // The worker comes, and with it the outcome of the one that was held.
        try await application.work()
        #expect(try await held.status == 201)
      }
    }

    @Test func `a decider that fails is answered 500`() async throws {
      try await with { application, port in
        let accepted = try await create(port, prefer: "respond-async")
        let token = try #require(accepted["Sequitur-Token"])
        // As a worker writes it; a decider of rules does not fail.
        let topics = application.topics
        let producer = try KafkaProducer(configuration: topics.client, logger: quiet)
        let topic = try producer.topic(topics.invalid)
        var headers = HeaderList(capacity: 4)
        for (name, value) in [
          ("rejection-code", "decider-error"), ("rejection-reason", "The decider failed."),
          ("object-version", "0"),
          ("command-position", "\(topics.commands)/\(token.replacing("-", with: "/"))"),
        ] { headers.add(name: name, value: value) }
        try Array("o".utf8).withUnsafeBytes { key in
          try producer.produce(topic: topic, partition: 0, key: key, value: key, headers: headers.copy())
        }
        try producer.flush(timeout: .seconds(30))
        let failed = try await GatewayFixture.ask(port, "GET", "/outcomes/\(token)?wait=60")
        #expect(failed.status == 500 && failed.body.contains(#""code":"decider-error""#), "\(failed)")
      }
    }

    @Test func `events that were deleted are answered 410`() async throws {
      try await with(worker: true) { application, port in
        let topics = application.topics
        for key in ["a", "b"] { #expect(try await create(port, key, prefer: "wait=60").status == 201) }
        let end = try #require(try topics.read(topics.valid).map(\.offset).max())
        let admin = try KafkaAdmin(configuration: topics.client, logger: quiet)
        try admin.deleteRecords(
          before: [TopicPartitionOffset(topic: topics.valid, partition: 0, offset: end)],
          timeout: .seconds(30))
        for path in ["/objects/b/events?from=0", "/feed/0/0"] {
          let gone = try await GatewayFixture.ask(port, "GET", path)
          #expect(gone.status == 410 && gone.body.contains(#""code":"deleted""#), "\(path): \(gone)")
        }
        let left = try await GatewayFixture.ask(port, "GET", "/objects/b/events")
        #expect(left.status == 200 && left.body.contains("\"version\":1"), "\(left)")
      }
    }

    @Test(.enabled(if: OwnBroker.isAvailable))
    func `a broker that does not say is answered 504, and one that is away 503`() async throws {
      let broker = try await OwnBroker.start()
      defer { broker.kill() }
      try await with(on: broker.bootstrap) { _, port in
        #expect(try await create(port, prefer: "respond-async").status == 202)
        broker.freeze()
        let unknown = try await create(port, "one", prefer: "wait=60")
        #expect(unknown.status == 504 && unknown.body.contains(#""code":"unknown-outcome""#), "\(unknown)")
        #expect(unknown["Idempotency-Key"]?.count == 36)
        broker.thaw()
        broker.kill()
        try await eventually("nothing to be appended", within: .seconds(120)) {
          let away = try await create(port, "two", prefer: "wait=60")
          return away.status == 503 && away.body.contains("Nothing was appended")
            && away["Retry-After"] != nil
        }
      }
    }
  }
}
