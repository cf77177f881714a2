import Foundation
import KafkaClient
import SequiturWorker
import TestBroker
import Testing
import WorkerEventLog

extension SequiturWorkerTests {
  /// Faults between worker and broker: the worker goes on by itself.
  @Suite struct FaultTests {
    /// What the embedded broker answers next.
    struct Fault: Sendable {
      let request: EmbeddedBroker.Request
      let errors: [KafkaError.Code]
      let name: String

      /// Whether the producer ends while its records are on their way. The embedded broker shows aborted records, those
      /// of the changelog as well, so that the restore that follows may find a command done whose event did not arrive.
      var endsProducerOnTheWay: Bool { request == .produce && !errors.contains(.notLeader) }

      init(_ name: String, _ request: EmbeddedBroker.Request, _ errors: KafkaError.Code...) {
        self.name = "\(name): \(errors.map(\.name).joined(separator: ", "))"
        self.request = request
        self.errors = errors
      }
    }

    static let faults: [Fault] = [
      Fault("Produce", .produce, .notLeader, .notLeader),
      Fault("Produce", .produce, .outOfOrderSequence),
      Fault("Produce", .produce, .invalidProducerEpoch),
      Fault("Produce", .produce, .unknownProducerID),
      Fault("AddPartitionsToTxn", .addPartitionsToTransaction, .concurrentTransactions, .notCoordinator),
      Fault("AddPartitionsToTxn", .addPartitionsToTransaction, .invalidProducerEpoch),
      Fault("AddPartitionsToTxn", .addPartitionsToTransaction, .topicAuthorizationFailed),
      Fault("AddOffsetsToTxn", .addOffsetsToTransaction, .coordinatorNotAvailable, .notCoordinator),
      Fault("TxnOffsetCommit", .transactionOffsetCommit, .illegalGeneration),
      Fault("TxnOffsetCommit", .transactionOffsetCommit, .unknownMemberID, .illegalGeneration),
      Fault("TxnOffsetCommit", .transactionOffsetCommit, .fencedInstanceID),
      Fault("TxnOffsetCommit", .transactionOffsetCommit, .coordinatorLoadInProgress, .rebalanceInProgress),
      Fault("EndTxn", .endTransaction, .concurrentTransactions, .notCoordinator),
      Fault("EndTxn", .endTransaction, .producerFenced),
      Fault("EndTxn", .endTransaction, .invalidProducerEpoch, .invalidProducerEpoch),
      Fault("EndTxn", .endTransaction, .invalidTransactionState),
      Fault("FindCoordinator", .findCoordinator, .coordinatorNotAvailable, .coordinatorNotAvailable),
    ]

    @Test func `a worker goes on after each fault of its broker`() async throws {
      try await withEmbeddedBroker { broker, application, worker in
        var version = 2
        for fault in Self.faults {
          // The first produce request is the test's own, for the command.
          let own: [KafkaError.Code] = fault.request == .produce ? [.noError] : []
          broker.pushRequestErrors(own + fault.errors, for: fault.request)
          if fault.endsProducerOnTheWay {
            try await expectOutcomeOrRestore(application, worker, version: version, after: fault.name)
          } else {
            try await expectProgress(application, through: version...version, after: fault.name)
          }
          try await expectProgress(application, through: version + 1...version + 2, after: fault.name)
          broker.clearRequestErrors(for: fault.request)
          version += 3
        }
      }
    }

    @Test func `a producer that cannot be made anew at once is made later`() async throws {
      try await withEmbeddedBroker { broker, application, worker in
        broker.pushRequestErrors(
          [.coordinatorLoadInProgress, .coordinatorLoadInProgress, .notCoordinator], for: .initProducerID)
        broker.pushRequestErrors([.producerFenced], for: .endTransaction)
        try await expectProgress(application, through: 2...4, after: "a fence")
      }
    }

    struct Refusal: Sendable {
      let request: EmbeddedBroker.Request
      let code: KafkaError.Code
      let word: String
    }

    @Test(arguments: [
      Refusal(
        request: .addPartitionsToTransaction, code: .topicAuthorizationFailed, word: "--operation Write"),
      Refusal(request: .addPartitionsToTransaction, code: .policyViolation, word: "policy"),
      Refusal(request: .produce, code: .topicAuthorizationFailed, word: "--operation Write"),
      Refusal(request: .produce, code: .unsupportedCompressionType, word: "compression.type"),
      Refusal(
        request: .addPartitionsToTransaction, code: .transactionalIDAuthorizationFailed, word: "prefixed"),
      Refusal(
        request: .addPartitionsToTransaction, code: .clusterAuthorizationFailed, word: "IdempotentWrite"),
      Refusal(request: .transactionOffsetCommit, code: .groupAuthorizationFailed, word: "--operation Read"),
    ])
    func `a refusal of everything makes the worker unhealthy, is told once, and rejects no command`(
      _ refusal: Refusal
    ) async throws {
      try await withEmbeddedBroker { broker, application, worker in
        let own: [KafkaError.Code] = refusal.request == .produce ? [.noError] : []
        broker.pushRequestErrors(own + Array(repeating: refusal.code, count: 60), for: refusal.request)
        try await application.submit(.amend("a", total: 2))
        try await eventually("some tries") { worker.worker.statistics.snapshot.outputRefusals >= 3 }
        let fault = worker.worker.statistics.snapshot.outputFault ?? ""
        #expect(fault.contains(refusal.code.name) && fault.contains(refusal.word), "\(fault)")
        broker.clearRequestErrors(for: refusal.request)
        try await eventually("the event") {
          try await application.read(application.topics.valid).last?.text("ce_sequence") == "2"
        }
        try await eventually("the end of the incident") {
          worker.worker.statistics.snapshot.outputFault == nil
        }
        // A request names one topic of several, and not always the same: each topic's refusal is told once.
        let told = worker.log.lines("the brokers refuse outcomes").count
        let namesTopics = [.produce, .addPartitionsToTransaction].contains(refusal.request)
        #expect(namesTopics ? 1...3 ~= told : told == 1, "\(told)")
        try await eventually("the end to be told") { worker.events.has(\.isOutputAccepted) }
        #expect(worker.events.count(\.isOutputAccepted) == 1)
        #expect(worker.worker.statistics.snapshot.rejections == 0)
      }
    }

    @Test func `a worker goes on after its broker was away`() async throws {
      try await withEmbeddedBroker { broker, application, worker in
        try await application.submit(.amend("a", total: 2))
        try await eventually("the outcome") { try await application.ends(application.topics.valid)[0]! >= 2 }
        try broker.setDown()
        try await eventually("the worker to notice") {
          worker.events.has { $0.isConsumerFailed || $0.isTransactionStepFailed }
        }
        try broker.setUp()
        try await expectProgress(application, through: 3...6, after: "the broker's return")
      }
    }

    @Test(.enabled(if: TestBroker.isAvailable))
    func `a lane that is fenced from outside goes on, and the result is exactly right`() async throws {
      let application = try await Application(partitions: 3)
      let worker = WorkerInProcess(application.configuration(lanes: 2))
      try await application.submit(RestoreTests.load(0..<500))
      for round in 0..<4 {
        let before = worker.worker.statistics.snapshot.commands
        async let more: Void = application.submit(RestoreTests.amendments(0..<500))
        try await eventually("the worker to be in the middle") {
          worker.worker.statistics.snapshot.commands > before + 50
        }
        try await fence(application, lane: round % 2)
        try await more
      }
      try await application.caughtUp()
      try await worker.stop()
      let audit = try await expectNoFault(application)
      #expect(audit.events.count == 2500)
    }

    /// Takes a lane's transactional id away from it.
    private func fence(_ application: Application, lane: Int) async throws {
      try await onThread {
        let producer = try TransactionalProducer(
          configuration: [
            "bootstrap.servers": application.bootstrap, "transactional.id": "\(application.name)-one-\(lane)",
          ], logger: quiet)
        try producer.initTransactions(timeout: .seconds(20))
      }
    }

    // MARK: The embedded broker

    /// Runs a worker on an embedded broker, with one object there.
    private func withEmbeddedBroker(
      _ body: (EmbeddedBroker, Application, WorkerInProcess) async throws -> Void
    ) async throws {
      let broker = try EmbeddedBroker(logger: quiet)
      let application = try await Application(on: broker.bootstrapServers, createsTopics: false)
      for topic in application.topics.all { try broker.createTopic(topic, partitions: 1) }
      var configuration = application.configuration()
      configuration.timeouts.call = .seconds(5)
      let worker = WorkerInProcess(configuration)
      try await application.submit(.create("a"))
      do {
        // Committed: no request of the worker's is under way that would take an error meant for a later one.
        try await eventually("the first outcome") { worker.worker.statistics.snapshot.positions[0] == 1 }
        try await body(broker, application, worker)
      } catch {
        Issue.record(
          "\(error); the log ends with:\n\(worker.log.lines.suffix(25).map(\.description).joined(separator: "\n"))"
        )
      }
      try await worker.stop()
    }

    private func expectOutcomeOrRestore(
      _ application: Application, _ worker: WorkerInProcess, version: Int, after fault: String
    ) async throws {
      func served() -> Int { worker.events.count(\.isServing) }
      let before = served()
      try await application.submit(.amend("a", total: version))
      try await eventually("version \(version), or a restore, after \(fault)", within: .seconds(40)) {
        if served() > before { return true }
        return try await application.read(application.topics.valid).last?.text("ce_sequence") == "\(version)"
      }
    }

    /// Sends commands one by one, and expects each one's outcome. The embedded broker shows what was aborted, so
    /// an outcome may stand there twice; the same version every time.
    private func expectProgress(
      _ application: Application, through versions: ClosedRange<Int>, after fault: String
    ) async throws {
      for version in versions {
        try await application.submit(.amend("a", total: version))
        try await eventually("the event of version \(version) after \(fault)", within: .seconds(40)) {
          try await application.read(application.topics.valid).last?.text("ce_sequence") == "\(version)"
        }
      }
      let pairs = try await application.read(application.topics.valid)
        .map { ($0.text("ce_id") ?? "", $0.text("ce_sequence") ?? "") }
      #expect(Dictionary(grouping: pairs, by: \.0).values.allSatisfy { Set($0.map(\.1)).count == 1 })
    }
  }
}

extension KafkaError.Code {
  fileprivate static let notLeader = Self(rawValue: 6)
  fileprivate static let outOfOrderSequence = Self(rawValue: 45)
}
