import KafkaClient
import TestBroker
import Testing
import WorkerEventLog

@testable import SequiturWorker

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
      for round in 1...2 {
        // It decides, and sends what it has decided once the broker does not answer.
        let gate = Gate()
        let worker = Worker(configuration, logger: quiet) { WatchedDecider(gate: gate) }
        let events = WorkerEventLog(worker)
        let running = Task { try await worker.run() }
        try await application.submit([Command("held-\(round)", "note", "wait")])
        await gate.reached.wait()
        broker.suspend()
        gate.open()
        try await eventually("the worker to say so, round \(round)", within: .seconds(30)) {
          events.has(\.isTransactionStepFailed)
        }
        broker.resume()
        try await application.submit((0..<1000).map { Command("note-\($0)", "note", "\(round)") })
        try await application.caughtUp()
        running.cancel()
        try await running.value
      }
      let audit = try await expectNoFault(application)
      #expect(audit.events.count == 2002)
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
      async let more: Void = application.submit(RestoreTests.amendments(0..<20_000))
      try await eventually("the worker to be frozen with a transaction open") {
        worker.suspend()
        if try await hasOpenTransaction(application) { return true }
        worker.resume()
        return false
      }
      try await eventually("the broker to end its transaction", within: .seconds(20)) {
        try await !hasOpenTransaction(application)
      }
      worker.resume()
      try await more
      try await application.caughtUp(within: .seconds(90))
      #expect(worker.exit == nil)
      try await worker.stopGracefully()
      try await expectNoFault(application)
      #expect(try await Verified(application, rules: rules).faults == [])
    }

    private func hasOpenTransaction(_ application: Application) async throws -> Bool {
      for topic in [application.topics.valid, application.topics.changelog]
      where try await application.committedEnds(topic) != application.ends(topic) { return true }
      return false
    }
  }
}
