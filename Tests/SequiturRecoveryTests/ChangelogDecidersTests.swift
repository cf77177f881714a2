import KafkaClient
import Sequitur
import Testing

@testable import SequiturWorker

extension StateTests {
  /// A killed worker's transaction stays open until its follower, or the broker's time-out, ends it.
  @Test(.timeLimit(.minutes(2)))
  func `the deciders of a changelog are known although a transaction is open on it`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(20, text: "one")
    try await bench.work()
    let changelog = ChangelogDeciders(
      topic: bench.topics.changelog, partitions: 1, configuration: bench.kafka, call: .seconds(3600),
      logger: bench.log.logger)
    let committed = try bench.changelogBounds().high
    let before = try changelog.newest()
    #expect(before.deciders.count == 1 && !before.isUnnamed)
    let open = try TransactionalProducer(
      configuration: bench.kafka.merging(["transactional.id": "\(bench.name)-open"]), logger: bench.log.logger
    )
    try open.initTransactions(timeout: .seconds(30))
    try open.begin()
    let topic = try open.topic(bench.topics.changelog)
    try "key".utf8CString.withUnsafeBytes { key in
      try open.produce(topic: topic, partition: 0, key: key, value: key)
    }
    try open.flush(timeout: .seconds(30))
    let ends = try bench.changelogBounds()
    #expect(ends.high > committed, "the transaction hides nothing")
    #expect(try changelog.newest() == before)
    try open.abort(timeout: .seconds(30))
  }
}
