import Foundation
import KafkaClient
import NoteDecider
import TestBroker
import Testing

@testable import SequiturWorker

/// A topic's `max.message.bytes` is lowered while a worker runs.
extension StateTests {
  @Test(.enabled(if: PackageRoot.python != nil))
  func `outcomes that a topic no longer takes are rejected, and the others go on`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    let (worker, running) = start(bench)
    try bench.sendNotes(10, text: "before")
    try await eventually("the first are processed") { worker.statistics.snapshot.commands == 10 }
    try bench.alter(bench.topics.valid, "max.message.bytes", "5000")
    // The damage: neither the large event nor the small ones together are taken any more.
    #expect(try bench.limit(of: bench.topics.valid) == "5000")
    try bench.send([("large", String(repeating: "x", count: 20_000))])
    for round in 0..<5 { try bench.sendNotes(100, text: "small \(round)") }
    try await eventually("all are processed", within: .seconds(60)) {
      worker.statistics.snapshot.commands == 511
    }
    #expect(bench.log.has("larger outcomes are rejected as too-large"))
    #expect(worker.statistics.snapshot.outputFault == nil)
    #expect(worker.statistics.snapshot.rejected == [.tooLarge: 1])
    running.cancel()
    try await running.value
    let rejected = try bench.records(of: bench.topics.invalid)
    #expect(rejected.map(\.key) == ["large"] && rejected[0].header("rejection-code") == "too-large")
    #expect(rejected[0].header("rejection-reason")?.contains("Expected at most 5000 bytes") == true)
    #expect(try bench.records(of: bench.topics.valid).count == 510)
    try bench.expectGaplessVersions()
    #expect(try bench.stored() == bench.fold())
  }

  @Test(.enabled(if: PackageRoot.python != nil))
  func `a limit below the checkpoint makes the worker unhealthy until it is raised`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    let (worker, running) = start(bench)
    try bench.sendNotes(10, text: "before")
    try await eventually("the first are processed") { worker.statistics.snapshot.commands == 10 }
    // More than a transaction's marker (78 bytes): Kafka 3.7 never ends a transaction whose marker a topic refuses.
    try bench.alter(bench.topics.changelog, "max.message.bytes", "90")
    // The damage: not even a checkpoint is taken.
    #expect(try bench.limit(of: bench.topics.changelog) == "90")
    try bench.send([("late", "late")])
    func refusals() -> Int { worker.statistics.snapshot.outputRefusals }
    try await eventually("the worker has tried three times", within: .seconds(60)) { refusals() >= 3 }
    let fault = try #require(worker.statistics.snapshot.outputFault)
    for part in [
      "\(bench.topics.commands)/0 10..<11", bench.topics.changelog, "90 bytes", "max.message.bytes",
    ] {
      #expect(fault.contains(part), "\(fault)")
    }
    #expect(worker.statistics.snapshot.commands == 10)
    try bench.alter(bench.topics.changelog, "max.message.bytes", "1000000")
    try await eventually("it goes on by itself", within: .seconds(60)) {
      worker.statistics.snapshot.commands == 11 && worker.statistics.snapshot.outputFault == nil
    }
    // Tries are apart: a second at least from the fourth on.
    #expect(refusals() < 20)
    #expect(bench.log.lines.count { $0.hasPrefix("error the brokers refuse outcomes") } == 1)
    running.cancel()
    try await running.value
    // Decided under the limit of before, and sent when it was just raised, it is rejected.
    let rejected = try bench.records(of: bench.topics.invalid)
    #expect(rejected.allSatisfy { $0.header("rejection-code") == "too-large" })
    #expect(try bench.records(of: bench.topics.valid).count + rejected.count == 11)
    #expect(try bench.stored() == bench.fold())
  }

  /// An event carries its command's timestamp. The test broker takes any.
  @Test(
    .enabled(
      if: TestBroker.isOutside, "SKIPPED: set SEQUITUR_TEST_BOOTSTRAP to a broker that checks timestamps"),
    arguments: [1, 40])
  func `a command whose event a topic refuses for its timestamp is rejected, and the others go on`(
    old: Int
  ) async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.alter(bench.topics.valid, "message.timestamp.before.max.ms", "3600000")
    let yesterday = (Int64(Date().timeIntervalSince1970) - 24 * 3600) * 1000
    try bench.sendNotes(300, text: "before")
    for number in 0..<old { try bench.send("old-\(number)", "yesterday's", timestamp: yesterday) }
    try bench.sendNotes(300, text: "after")
    let (worker, running) = start(bench)
    try await eventually("all are processed") { worker.statistics.snapshot.commands == 600 + old }
    running.cancel()
    try await running.value
    #expect(worker.statistics.snapshot.rejected == [.outputRefused: old])
    #expect(worker.statistics.snapshot.outputFault == nil)
    let rejected = try bench.records(of: bench.topics.invalid)
    #expect(Set(rejected.map(\.key)) == Set((0..<old).map { "old-\($0)" }))
    for record in rejected {
      #expect(record.header("rejection-code") == "output-refused")
      #expect(record.header("rejection-reason")?.contains("INVALID_TIMESTAMP") == true)
    }
    #expect(try bench.records(of: bench.topics.valid).count == 600)
    try bench.expectGaplessVersions()
    #expect(try bench.stored() == bench.fold())
    #expect(bench.log.lines.count { $0.contains("the command is rejected") } == old)
    #expect(!bench.log.has("error the brokers refuse outcomes"))
  }

  private func start(_ bench: StateBench) -> (Worker, Task<Void, any Error>) {
    var configuration = bench.configuration
    configuration.stopsWhenCaughtUp = false
    let worker = Worker(configuration, logger: bench.log.logger) { NoteDecider() }
    return (worker, Task { try await worker.run() })
  }
}

extension StateBench {
  /// Sends one command of another time.
  fileprivate func send(_ key: String, _ payload: String, timestamp: Int64) throws {
    let producer = try KafkaProducer(configuration: kafka, logger: log.logger)
    let topic = try producer.topic(topics.commands)
    try Array(key.utf8).withUnsafeBytes { key in
      try Array(payload.utf8).withUnsafeBytes { payload in
        try producer.produce(topic: topic, key: key, value: payload, timestamp: timestamp)
      }
    }
    try producer.flush(timeout: .seconds(30))
  }

  fileprivate func limit(of topic: String) throws -> String? {
    try admin().describeTopicConfiguration(topic, timeout: .seconds(10))["max.message.bytes"]
  }
}
