import KafkaClient
import SeededRandom
import SequiturWorker
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// Several dynamic members on librdkafka's mock cluster, as far as it goes.
  ///
  /// It has groups with `cooperative-sticky` and session expiry. It neither isolates nor fences transactions and
  /// forgets their offsets, so that a worker may not be killed here: what it leaves half written would count. Workers
  /// come and go in order, and each new owner goes by the checkpoint.
  @Suite struct EmbeddedChurnTests {
    @Test func `dynamic members that share cooperatively come and go, and every outcome is there once`()
      async throws
    {
      let broker = try EmbeddedBroker(logger: quiet)
      let application = try await Application(
        partitions: 6, on: broker.bootstrapServers, createsTopics: false)
      for topic in application.topics.all { try broker.createTopic(topic, partitions: 6) }
      let objects = (0..<60).map { "order-\($0)" }
      var generator = SplitMix64(seed: 5)
      var workers: [String: WorkerInProcess] = [:]
      for name in ["one", "two", "three"] { workers[name] = start(application, name) }
      try await sharing(workers)
      try await application.submit(objects.map { .create($0) })
      try await MembershipTests.outcomes(60, application)
      for round in 2...4 {
        let name = workers.keys.sorted().randomElement(using: &generator)!
        async let sent: Void = application.submit(objects.map { .amend($0, total: round) })
        try await workers[name]?.stop()
        workers[name] = nil
        workers[name] = start(application, name)
        try await sent
        try await MembershipTests.outcomes(60 * round, application)
        try await sharing(workers)
      }
      for worker in workers.values { try await worker.stop() }
      let events = try await application.read(application.topics.valid)
      #expect(events.count == 240, "an event was written twice")
      for (key, ofKey) in Dictionary(grouping: events, by: \.key) {
        #expect(ofKey.map { $0.text("ce_sequence") } == ["1", "2", "3", "4"], "\(key ?? [])")
      }
    }

    private func start(_ application: Application, _ name: String) -> WorkerInProcess {
      var configuration = application.configuration(name, lanes: 2)
      configuration.instanceID = nil
      configuration.assignmentStrategy = .cooperativeSticky
      configuration.timeouts.heartbeat = .milliseconds(200)
      configuration.timeouts.session = .seconds(6)
      return WorkerInProcess(configuration)
    }

    /// Returns when all partitions are served, by all of the workers.
    private func sharing(_ workers: [String: WorkerInProcess]) async throws {
      try await eventually("\(workers.count) workers to serve 2 partitions each") {
        workers.values.allSatisfy { $0.worker.statistics.snapshot.positions.count == 2 }
      }
    }
  }
}
