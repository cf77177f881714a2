import KafkaClient
import SequiturWorker
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// Brokers that move, freeze or give a transaction up: the worker stays, tries again, and goes on.
  @Suite struct BrokerTroubleTests {
    @Test func `a worker follows its coordinators to another broker and back`() async throws {
      let broker = try EmbeddedBroker(brokers: 2, logger: quiet)
      let application = try await Application(
        partitions: 2, on: broker.bootstrapServers, createsTopics: false)
      for topic in application.topics.all { try broker.createTopic(topic, partitions: 2) }
      var configuration = application.configuration(lanes: 2)
      configuration.timeouts.heartbeat = .milliseconds(200)
      configuration.timeouts.session = .seconds(6)
      let worker = WorkerInProcess(configuration)
      try await application.submit((0..<20).map { .create("order-\($0)") })
      try await MembershipTests.outcomes(20, application)
      for (round, home) in [Int32(2), 1].enumerated() {
        try broker.moveCoordinator(.group(application.name), to: home)
        for lane in 0..<2 {
          try broker.moveCoordinator(.transaction("\(application.name)-one-\(lane)"), to: home)
        }
        try await application.submit((0..<20).map { .amend("order-\($0)", total: round + 2) })
        try await MembershipTests.outcomes(20 * (round + 2), application)
      }
      try await worker.stop()
      let events = try await application.read(application.topics.valid)
      #expect(Set(events.map { $0.text("ce_sequence") ?? "" }) == ["1", "2", "3"])
    }

    /// As a broker's long pause, or a network that is gone: connections stay, and nothing answers.
    @Test(.enabled(if: BrokerProcess.isInstalled))
    func `a worker whose broker freezes says so, stays, and goes on when it is back`() async throws {
      let broker = try BrokerProcess.start()
      defer { broker.kill() }
      let application = try await Application(partitions: 3, on: broker.bootstrap)
      var configuration = application.configuration(lanes: 2)
      configuration.timeouts.call = .seconds(1)
      configuration.kafka["socket.timeout.ms"] = "2000"
      let worker = WorkerInProcess(configuration)
      try await application.submit(RestoreTests.load(0..<1000))
      try await application.caughtUp()
      for round in 1...2 {
        let before = worker.worker.statistics.snapshot.commands
        async let more: Void = application.submit(RestoreTests.amendments(0..<1000))
        try await eventually("the worker to be in the middle") {
          worker.worker.statistics.snapshot.commands > before
        }
        let failures = worker.log.lines("a transaction step failed").count
        broker.suspend()
        try await eventually("the worker to say so, round \(round)", within: .seconds(30)) {
          worker.log.lines("a transaction step failed").count > failures
            || worker.log.lines("the consumer reports an error").count > round - 1
        }
        broker.resume()
        try await more
        try await application.caughtUp()
      }
      try await worker.stop()
      let audit = try await expectNoFault(application)
      #expect(audit.events.count == 3000)
    }

    /// Frozen for longer than its transaction may take, and for less than its session: it stays a member, and the
    /// broker's answer looks like a fence.
    @Test(.enabled(if: TestBroker.isOutside, "the test broker ends no transaction"))
    func `a worker whose transaction timed out goes on as the same member`() async throws {
      let application = try await Application(partitions: 2)
      let rules = try application.writeOrderRules()
      try await application.submit(RestoreTests.load(0..<2000))
      let worker = try WorkerProgram.start(
        application, "one", rules: rules,
        ["--transaction-timeout", "1s", "--session-timeout", "60s", "--max-poll-interval", "120s"])
      defer { worker.kill() }
      try await eventually("the worker to be in the middle") { try await application.progress() > 200 }
      worker.suspend()
      // Whether a transaction was open just then is chance: then this holds when the broker has ended it.
      _ = try? await eventually("the end of its transaction", within: .seconds(20)) {
        for topic in [application.topics.valid, application.topics.changelog]
        where try await application.committedEnds(topic) != application.ends(topic) { return false }
        return true
      }
      worker.resume()
      try await application.submit(RestoreTests.amendments(0..<2000))
      try await application.caughtUp(within: .seconds(90))
      #expect(worker.exit == nil)
      try await worker.stopGracefully()
      try await expectNoFault(application)
      #expect(try await Verified(application, rules: rules).faults == [])
    }
  }
}
