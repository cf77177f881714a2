import Foundation
import KafkaClient
import SequiturWorker
import TestBroker
import Testing
import WorkerEventLog

extension SequiturWorkerTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct StopTests {
    @Test func `a stop under load leaves no transaction open, and a restart replays nothing`() async throws {
      let application = try await Application(partitions: 3)
      try await application.submit(RestoreTests.load(0..<3000))
      for round in 0..<3 {
        var configuration = application.configuration(lanes: 2)
        configuration.timeouts.transaction = .seconds(50)
        let worker = WorkerInProcess(configuration)
        try await application.submit(RestoreTests.amendments(round * 1000..<round * 1000 + 1000))
        try await eventually("some outcomes") { worker.worker.statistics.snapshot.commands > 500 }
        let before = worker.worker.statistics.snapshot.commands
        async let more: Void = application.submit(RestoreTests.amendments(0..<3000))
        try await eventually("some more") { worker.worker.statistics.snapshot.commands > before + 100 }
        try await worker.stop()
        try await more
        expectNothingReplayed(worker, isFirst: round == 0)
        try await expectNoOpenTransaction(application)
      }
      expectNothingReplayed(try await catchUp(application), isFirst: false)
      try await expectNoFault(application)
    }

    @Test func `a command that comes alone gets its outcome at once, each in its own transaction`()
      async throws
    {
      let application = try await Application()
      let worker = WorkerInProcess(application.configuration())
      defer { Task { try await worker.stop() } }
      try await application.submit(.create("a"))
      try await application.caughtUp()
      for total in 2...10 {
        let before = try await application.ends(application.topics.valid)
        try await application.submit(.amend("a", total: total))
        try await eventually("the outcome before anything else is sent", within: .seconds(20)) {
          try await application.ends(application.topics.valid) != before
        }
        try await application.caughtUp()
      }
      try await worker.stop()
      #expect(worker.worker.statistics.snapshot.transactions == 10)
      try await expectNoFault(application)
    }

    @Test func `a forgotten object leaves a tombstone and begins again at version 1`() async throws {
      let application = try await Application()
      try await application.submit(.create("a"), .amend("a", total: 2), .create("b"))
      try await run(application)
      try await application.submit(Command("a", "purge"), .amend("a", total: 3))
      try await run(application)
      #expect(Set(try await application.storedObjects().keys) == [Array("b".utf8)])
      let tombstone = try await application.read(application.topics.changelog).last {
        $0.key == Array("a".utf8)
      }
      #expect(tombstone != nil && tombstone?.value == nil)
      try FileManager.default.removeItem(at: application.stateDirectory("one"))
      try await application.submit(.amend("a", total: 4), .create("a", total: 5), Command("b", "purge"))
      try await run(application)
      let audit = try await expectNoFault(application)
      #expect(audit.events.last { $0.key == Array("a".utf8) }?.text("ce_sequence") == "1")
      #expect(audit[4] == .rejection("not-found") && audit[5] == .rejection("not-found"))
      #expect(Set(try await application.storedObjects().keys) == [Array("a".utf8)])
    }

    /// Its own broker, since it is frozen.
    @Test(.enabled(if: BrokerProcess.isInstalled))
    func `a worker is told to stop while its broker is away, and ends`() async throws {
      let broker = try BrokerProcess.start()
      defer { broker.kill() }
      let application = try await Application(on: broker.bootstrap)
      var configuration = application.configuration()
      configuration.timeouts.call = .seconds(1)
      configuration.timeouts.revoke = .seconds(2)
      let worker = WorkerInProcess(configuration)
      try await application.submit(RestoreTests.load(0..<500))
      try await eventually("a transaction") { worker.worker.statistics.snapshot.transactions > 0 }
      async let more: Void = application.submit(RestoreTests.amendments(0..<500))
      try await eventually("another one") { worker.worker.statistics.snapshot.transactions > 1 }
      broker.suspend()
      let start = ContinuousClock.now
      try await worker.stop()
      #expect(ContinuousClock.now - start < .seconds(40))
      broker.resume()
      try await more
      try await WorkerInProcess.runUntilCaughtUp(application.configuration())
      try await expectNoFault(application)
    }

    // MARK: Helpers

    private func run(_ application: Application) async throws {
      try await WorkerInProcess.runUntilCaughtUp(application.configuration())
    }

    private func catchUp(_ application: Application) async throws -> WorkerInProcess {
      var configuration = application.configuration(lanes: 2)
      configuration.stopsWhenCaughtUp = true
      let worker = WorkerInProcess(configuration)
      try await worker.ended()
      return worker
    }

    /// What it read of the changelog were control records only.
    private func expectNothingReplayed(_ worker: WorkerInProcess, isFirst: Bool) {
      let replays = worker.events.all.compactMap(\.recordsRead)
      #expect(replays.allSatisfy { $0 == 0 }, "\(replays)")
      #expect(worker.events.all.compactMap(\.isStoreKept) == [!isFirst])
    }

    /// The last stable offset comes to the end of every partition.
    ///
    /// A broker acknowledges a commit before its markers are on all partitions (KIP-98), so it is awaited: for less
    /// than the time after which the broker would end a transaction that the worker left open.
    private func expectNoOpenTransaction(_ application: Application) async throws {
      for topic in [application.topics.valid, application.topics.invalid, application.topics.changelog] {
        try await eventually("no transaction to be open on \(topic)", within: .seconds(10)) {
          try await application.committedEnds(topic) == application.ends(topic)
        }
      }
    }
  }
}
