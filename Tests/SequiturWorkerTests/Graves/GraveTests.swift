import Foundation
import KafkaClient
import SequiturInspection
import SequiturWorker
import TestBroker
import Testing

extension SequiturWorkerTests {
  /// A command that comes again after its object was forgotten, wherever the worker has to look for that.
  @Suite(.enabled(if: TestBroker.isAvailable)) struct GraveTests {
    private let create = Command("a", "create", #"{"customer":"ada","total":1}"#, id: "c1")
    private let purge = Command("a", "purge", id: "p1")

    @Test func `a repetition is a duplicate in memory, after a restart and after a restore from nothing`()
      async throws
    {
      let application = try await Application()
      try await application.submit(create, purge, create, purge)
      try await run(application)
      try await application.submit(create)
      try await run(application)
      try FileManager.default.removeItem(at: application.stateDirectory("one"))
      try await application.submit(
        purge, Command("a", "create", #"{"customer":"bob","total":2}"#, id: "c2"))
      try await run(application)

      let audit = try await Audit(of: application)
      #expect(audit.faults == [])
      let duplicate = Outcome.rejection("duplicate")
      #expect(
        (0...6).map { audit[$0] } == [
          .events(["created"]), .events(["purged"]), duplicate, duplicate, duplicate, duplicate,
          .events(["created"]),
        ])
      #expect(audit.rejections.map { $0.text("original-version") } == ["1", "2", "1", "2"])
      #expect(audit.rejections.allSatisfy { $0.text("object-version") == "0" })
      #expect(audit.events.map { $0.text("ce_sequence") } == ["1", "2", "1"])
      try await expectVerified(application)
    }

    @Test func `a repetition after its time makes the object anew`() async throws {
      let application = try await Application()
      let start = Int64(Date().timeIntervalSince1970 * 1000) - 3_600_000
      var commands = [create, purge, create, create]
      for (index, minutes) in [0, 1, 31, 30].enumerated() {
        commands[index].timestamp = start + Int64(minutes) * 60_000
      }
      try await application.submit([commands[0], commands[1], commands[3]])
      try await run(application) { $0.limits.forgetAfter = .seconds(1_800) }
      try await application.submit([commands[2]])
      try await run(application) { $0.limits.forgetAfter = .seconds(1_800) }
      let audit = try await Audit(of: application)
      #expect(audit[2] == .rejection("duplicate"))
      #expect(audit[3] == .events(["created"]))
      #expect(audit.faults == [])
    }

    @Test func `a store that is looked into shows no grave but counts it`() async throws {
      let application = try await Application()
      try await application.submit(
        create, purge, Command("b", "create", #"{"customer":"b","total":1}"#, id: "b"))
      try await run(application)
      let path = application.stateDirectory("one").path
      let figures = try await onThread { () throws -> InspectedPartition in
        let inspection = try StoreInspection(stateDirectory: path)
        #expect(try inspection.object(Array("a".utf8)) == nil)
        #expect(try inspection.object(Array("b".utf8)) != nil)
        var keys: [[UInt8]] = []
        try inspection.forEachObject(in: 0) { keys.append($0.key) }
        #expect(keys == [Array("b".utf8)])
        return try inspection.figures(of: 0, isExact: true)
      }
      #expect((figures.objects, figures.graves) == (1, 1))
      let comparison = try await onThread { () throws -> StoreInspection.Comparison in
        try StoreInspection(stateDirectory: path).differences(
          fromChangelog: application.topics.changelog, kafka: ["bootstrap.servers": application.bootstrap],
          logger: quiet
        ) { Issue.record("\($0)") }
      }
      #expect((comparison.objects, comparison.differences) == (1, 0))
    }

    @Test func `a changelog that keeps tombstones too shortly is refused, with the cure`() async throws {
      let application = try await Application()
      var configuration = application.configuration()
      configuration.limits.forgetAfter = .seconds(24 * 3600 * 7)
      let worker = WorkerInProcess(configuration)
      let fault = await #expect(throws: WorkerStartFault.self) { try await worker.ended() }
      let text = fault?.description ?? ""
      guard !text.isEmpty || TestBroker.isOutside else {
        try Test.cancel("The test broker does not tell delete.retention.ms.")
      }
      #expect(text.contains("delete.retention.ms") && text.contains("--forget-after"), "\(text)")
    }

    /// Of 32 MiB a sixteenth may be undrained, and other objects of twice as much come behind the grave: it is in the
    /// store alone while the worker goes on.
    @Test func `a repetition is a duplicate after a drain, in a worker that goes on`() async throws {
      let application = try await Application()
      var configuration = application.configuration()
      configuration.memoryBytes = 32 << 20
      configuration.objectBytesMax = 64 << 10
      let worker = WorkerInProcess(configuration)
      try await application.submit(create, purge)
      let name = String(repeating: "n", count: 1_000)
      try await application.submit(
        (0..<4_000).map { Command("filler-\($0)", "create", "{\"customer\":\"\(name)\",\"total\":1}") })
      try await application.caughtUp()
      let offset = try await application.ends(application.topics.commands)[0] ?? 0
      try await application.submit(create, purge)
      try await application.caughtUp()
      try await worker.stop()
      let audit = try await Audit(of: application)
      for (index, version) in [(0, "1"), (1, "2")] as [(Int64, String)] {
        #expect(audit[offset + index] == .rejection("duplicate"))
        let rejection = audit.rejections.first {
          $0.text("command-position")?.hasSuffix("/\(offset + index)") == true
        }
        #expect(rejection?.text("original-version") == version)
      }
      #expect(audit.faults == [])
    }

    /// The log cleaner of a real Kafka takes the tombstone's predecessors, and leaves it.
    @Test(.enabled(if: TestBroker.isOutside, "the test broker does not compact"))
    func `a repetition is a duplicate after compaction and a restore from nothing`() async throws {
      let application = try await Application(createsTopics: false)
      try await application.create([
        application.topics.commands, application.topics.valid, application.topics.invalid,
      ])
      try await application.createCompacting(application.topics.changelog)
      // In a transaction each, so that the changelog has the object's state for a while.
      for command in [create, purge] {
        try await application.submit(command)
        try await run(application)
      }
      func values() async throws -> [[UInt8]?] {
        try await application.read(application.topics.changelog).filter { $0.key == Array("a".utf8) }.map(
          \.value)
      }
      #expect(try await values().contains { $0 != nil })
      var round = 0
      try await eventually("the changelog to be compacted down to the tombstone", within: .seconds(120)) {
        round += 1
        try await application.submit(.create("filler-\(round % 3)"))
        try await run(application)
        return try await values() == [nil]
      }
      for isRestored in [false, true] {
        if isRestored { try FileManager.default.removeItem(at: application.stateDirectory("one")) }
        let offset = try await application.ends(application.topics.commands)[0] ?? 0
        try await application.submit(create)
        try await run(application)
        let audit = try await Audit(of: application)
        #expect(audit[offset] == .rejection("duplicate"))
        #expect(audit.rejections.last?.text("original-version") == "1")
        #expect(audit.faults == [])
      }
      try await expectVerified(application)
    }

    private func run(
      _ application: Application, _ change: (inout WorkerConfiguration) -> Void = { _ in }
    ) async throws {
      var configuration = application.configuration()
      change(&configuration)
      try await WorkerInProcess.runUntilCaughtUp(configuration)
    }

    /// `sequitur verify` finds nothing, with the rules and without.
    private func expectVerified(_ application: Application) async throws {
      let topics = application.topics
      let arguments = [
        "verify", "--bootstrap-servers", application.bootstrap, "--application-id", application.name,
        "--commands-topic", topics.commands, "--valid-topic", topics.valid, "--invalid-topic", topics.invalid,
        "--changelog-topic", topics.changelog,
      ]
      for more in [[], ["--rules", try application.writeOrderRules()]] {
        let result = try await RunningProgram.run(
          try BuiltProgram.find("sequitur"), arguments: arguments + more)
        #expect(result.exit == .code(0), "\(result.standardOutput)")
      }
    }
  }
}

extension Application {
  /// Creates a changelog whose segments are small and cleaned at once.
  fileprivate func createCompacting(_ name: String) async throws {
    try await onThread { [self] in
      let topic = NewTopic(
        name: name, partitions: partitions, replicationFactor: 1,
        configuration: [
          "cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01",
          "delete.retention.ms": "86400000",
        ])
      for result in try admin.createTopics([topic], timeout: .seconds(20)) {
        if let error = result.error { throw error }
      }
    }
  }
}
