import BlockingThreads
import Foundation
import KafkaClient
import TestBroker
import Testing

extension SequiturCommandTests {
  /// Troubles of a decider in Swift, at the door of a real process: `StateTestWorker` has one that sleeps and traps.
  struct DeciderTroubleTests {
    private static let lanes = "1"

    /// Commands whose payload is the word that the decider goes by.
    private func send(_ words: [String], to topics: TopicFixture) async throws {
      let producer = try TransactionalProducer(
        configuration: topics.client.merging(["transactional.id": TestBroker.uniqueName("sender")]),
        logger: quiet)
      try await withBlockingThread("sender") { () throws in
        try producer.initTransactions(timeout: .seconds(30))
        try producer.begin()
        let topic = try producer.topic(topics.commands)
        for (number, word) in words.enumerated() {
          let (key, payload) = (Array("note-\(number)".utf8), Array(word.utf8))
          let sent = key.withUnsafeBytes { key in
            payload.withUnsafeBytes { payload in
              Result { try producer.produce(topic: topic, partition: 0, key: key, value: payload) }
            }
          }
          try sent.get()
        }
        try producer.commit(timeout: .seconds(30))
      }
    }

    private func start(_ topics: TopicFixture, _ directory: URL) async throws -> OperatedWorker {
      try await OperatedWorker.start(
        BuiltProgram.find("StateTestWorker"),
        [topics.bootstrap, topics.applicationID, directory.path, Self.lanes, "--door", "--topics"]
          + [topics.commands, topics.valid, topics.invalid, topics.changelog])
    }

    private func withDirectory(_ body: (URL) async throws -> Void) async throws {
      let directory = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("decider"))
      defer { try? FileManager.default.removeItem(at: directory) }
      try await body(directory)
    }

    @Test func `a decider that sleeps is told with its command, and the worker is ready once it wakes`()
      async throws
    {
      let topics = try TopicFixture()
      try await withDirectory { directory in
        let worker = try await start(topics, directory)
        defer { worker.program.kill() }
        try await worker.waitUntil(nil)
        let pipe = directory.appending(path: "pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        try await send(["one", "wait \(pipe)"], to: topics)
        let told = try await worker.waitUntil("decider-slow")
        let trouble = try #require(told.troubles.first)
        #expect(trouble.partition == 0 && trouble.detail.contains("the command at offset 1"), "\(trouble)")
        #expect(trouble.seconds >= 5 && trouble.cure.contains("Deciders must not do I/O"))
        let metrics = try await worker.get("metrics").body
        #expect(metrics.contains("\nsequitur_trouble{reason=\"decider-slow\"} 1\n"))
        let live = try await worker.get("live")
        #expect(live.status == 200)
        try await worker.program.waitForOutput(
          containing: "runbook=docs/runbook.md#decider-slow", timeout: .seconds(10))
        // Both ends, so that opening it waits for nobody.
        let end = open(pipe, O_RDWR)
        defer { close(end) }
        try await worker.waitUntil(nil)
        try await worker.program.waitForOutput(
          containing: "the worker goes on again", timeout: .seconds(10))
        try await eventually("both commands to be accepted") {
          try await worker.get("status").body.contains("\"accepted\":2")
        }
      }
    }

    @Test func `a decider that traps is told at the next start, and the third time its command is rejected`()
      async throws
    {
      let topics = try TopicFixture()
      try await withDirectory { directory in
        try await send(["one", "trap", "two"], to: topics)
        for attempt in 1...3 {
          let worker = try await start(topics, directory)
          let ended = try await worker.program.waitForExit(timeout: .seconds(60))
          #expect(ended.exit != .code(0), "start \(attempt)")
          guard attempt > 1 else { continue }
          let log = ended.output.standardError
          #expect(log.contains("the worker ended while it executed a command"), "\(log)")
          #expect(log.contains("attempt=\(attempt - 1)") && log.contains("key=note-1"), "\(log)")
        }
        let worker = try await start(topics, directory)
        defer { worker.program.kill() }
        try await worker.waitUntil(nil)
        try await eventually("the others to be accepted") {
          let status = try await worker.get("status").body
          return status.contains("\"accepted\":2") && status.contains("\"decider-error\":1")
        }
        let metrics = try await worker.get("metrics").body
        #expect(metrics.contains("sequitur_commands_rejected_total{code=\"decider-error\"} 1\n"))
      }
    }
  }
}
