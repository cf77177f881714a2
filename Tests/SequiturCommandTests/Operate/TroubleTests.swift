import BlockingThreads
import Foundation
import KafkaClient
import TestBroker
import Testing

extension SequiturCommandTests {
  /// A trouble forced on a real process: the reason on `/ready`, in the log and in the metric, and the recovery without a hand.
  struct TroubleTests {
    private func command(_ key: String) -> (key: [UInt8], payload: [UInt8]) {
      (Array(key.utf8), Array(#"{"type":"create","customer":"ada","total":1}"#.utf8))
    }

    /// As an overloaded broker, or a network that is gone: connections stay, and nothing answers.
    @Test(.enabled(if: OwnBroker.isAvailable))
    func `a broker that is frozen is told, and the worker is ready again once it thaws`() async throws {
      let broker = try await OwnBroker.start()
      defer { broker.kill() }
      let topics = try TopicFixture(partitions: 2, on: broker.bootstrap)
      try await OperatedWorker.with(topics, ["--kafka", "socket.timeout.ms=3000"]) { worker in
        try await worker.waitUntil(nil)
        broker.freeze()
        let told = try await worker.waitUntil("broker-silent")
        let trouble = try #require(told.troubles.first)
        #expect(trouble.partition == nil && trouble.seconds >= 10 && !trouble.detail.isEmpty)
        #expect(trouble.cure.hasPrefix("Look at the brokers"))
        let live = try await worker.get("live")
        #expect(live.status == 200)
        let ready = try await worker.get("ready")
        #expect(ready.status == 503)
        let metrics = try await worker.get("metrics").body
        #expect(metrics.contains("\nsequitur_trouble{reason=\"broker-silent\"} 1\n"))
        #expect(metrics.contains("\nsequitur_ready 0\n"))
        try await worker.program.waitForOutput(
          containing: "runbook=docs/runbook.md#broker-silent", timeout: .seconds(10))
        broker.thaw()
        try await worker.waitUntil(nil)
        try await worker.program.waitForOutput(
          containing: "the worker goes on again", timeout: .seconds(10))
      }
    }

    @Test func `a sender's open transaction is told, and that it stands before the end, until it ends`()
      async throws
    {
      let topics = try TopicFixture()
      let bootstrap = topics.bootstrap
      let producer = try TransactionalProducer(
        configuration: [
          "bootstrap.servers": bootstrap, "transactional.id": TestBroker.uniqueName("sender"),
          "transaction.timeout.ms": "60000",
        ], logger: quiet)
      try await withBlockingThread("sender") { () throws in
        try producer.initTransactions(timeout: .seconds(30))
        try producer.begin()
        let topic = try producer.topic(topics.commands)
        let (key, payload) = command("one")
        let sent = key.withUnsafeBytes { key in
          payload.withUnsafeBytes { payload in
            Result { try producer.produce(topic: topic, partition: 0, key: key, value: payload) }
          }
        }
        try sent.get()
        try producer.flush(timeout: .seconds(30))
      }
      try await OperatedWorker.with(topics) { worker in
        let told = try await worker.waitUntil("transaction-hung")
        let trouble = try #require(told.troubles.first)
        #expect(trouble.partition == 0)
        #expect(trouble.detail.contains("a sender left a transaction open on the commands at offset 0"))
        try await withBlockingThread("sender") { () throws in try producer.commit(timeout: .seconds(30)) }
        try await worker.waitUntil(nil)
        try await eventually("the command to be accepted") {
          try await worker.get("status").body.contains("\"accepted\":1")
        }
        // Behind the command stands the record that ends the transaction: it is no command that waits.
        try await eventually("nothing to wait") {
          try await worker.get("status").body.contains("\"lag\":0,\"lagSeconds\":0")
        }
        let readiness = try await worker.readiness()
        #expect(readiness.ready, "\(readiness.troubles)")
      }
    }

    @Test func `a worker without topics is told by its exit code, its door is closed`() async throws {
      let topics = try TopicFixture(creates: false)
      let result = try await sequitur(
        [
          "worker", "--rules", "Examples/Orders/orders.yaml", "--http", "127.0.0.1:0", "--state-dir",
          FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("none")).path,
        ]
          + topics.arguments)
      #expect(result.exit == .code(2))
      #expect(result.output.standardError.contains("does not exist"))
    }
  }

  /// The page for people, in a real browser.
  struct PageTests {
    private struct Look: Decodable {
      let text: String
      let errors: [String]
      let elsewhere: [String]
      let width: Int
      let reached: [String]
    }

    private func look(_ url: String, expecting text: String) async throws -> Look {
      var arguments = ["Tests/SequiturCommandTests/Operate/look_at_page.py", url, "--expect", text]
      if let shots = ProcessInfo.processInfo.environment["SEQUITUR_TEST_SHOTS"] {
        arguments += ["--shots", "\(shots)/\(text.replacingOccurrences(of: " ", with: "-"))"]
      }
      let result = try await RunningProgram.run(
        "python3", arguments: arguments, timeout: .seconds(240))
      #expect(result.exit == .code(0), "\(result.output.standardError)")
      return try JSONDecoder().decode(Look.self, from: Data(result.output.standardOutput.utf8))
    }

    @Test func `the page shows a worker at work, from nowhere else, on a narrow screen, by keyboard`()
      async throws
    {
      let topics = try TopicFixture(partitions: 3)
      try await OperatedWorker.with(topics) { worker in
        try await worker.waitUntil(nil)
        let submitted = try await sequitur(
          ["submit", "Examples/Orders/orders.jsonl", "--wait"] + topics.arguments)
        #expect(submitted.exit == .code(0))
        let page = try await look(worker.url, expecting: "3 of 3 partitions served")
        #expect(page.errors == [])
        #expect(page.elsewhere == [])
        #expect(page.width <= 360)
        for text in [topics.applicationID, topics.commands, topics.valid, "ready", "serving", "Settings"] {
          #expect(page.text.contains(text), "\(text)")
        }
        for name in ["Skip to the partitions", "lag", "last commit", "Settings", "metrics"] {
          #expect(page.reached.contains { $0.hasPrefix(name) }, "\(name) by the Tab key")
        }
      }
    }

    @Test(.enabled(if: OwnBroker.isAvailable))
    func `the page shows trouble first, with what to do`() async throws {
      let broker = try await OwnBroker.start()
      defer { broker.kill() }
      let topics = try TopicFixture(partitions: 2, on: broker.bootstrap)
      try await OperatedWorker.with(topics) { worker in
        try await worker.waitUntil(nil)
        broker.freeze()
        try await worker.waitUntil("broker-silent")
        let page = try await look(worker.url, expecting: "The cluster does not answer.")
        #expect(page.errors == [])
        let trouble = try #require(page.text.range(of: "The cluster does not answer."))
        let flow = try #require(page.text.range(of: "commands\n"))
        #expect(trouble.lowerBound < flow.lowerBound)
        #expect(page.text.contains("not ready") && page.text.contains("What to do: Look at the brokers"))
      }
    }
  }
}
