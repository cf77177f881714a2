import NoteDecider
import TestBroker
import Testing

@testable import SequiturWorker

extension SequiturWorkerTests {
  /// What a running worker says of itself.
  struct HealthTests {
    private func reasons(_ worker: Worker) -> [TroubleReason] { worker.health.troubles.map(\.reason) }

    @Test func `a decider that works on one command is told with the command, and forgotten when it ends`()
      async throws
    {
      let application = try await Application()
      let gate = Gate()
      defer { gate.open() }
      let worker = Worker(application.configuration(), logger: quiet) { WatchedDecider(gate: gate) }
      #expect(reasons(worker) == [.starting])
      let running = Task { try await worker.run() }
      try await eventually("the worker to be ready") { worker.health.isReady }
      try await application.submit(Command("a", "note", "one"))
      try await application.submit(Command("a", "note", "wait"))
      try await eventually("the decider to be slow") { reasons(worker) == [.deciderSlow] }
      let trouble = try #require(worker.health.troubles.first)
      #expect(trouble.partition == 0 && trouble.seconds >= 5)
      #expect(trouble.detail == "it works on the command at offset 1")
      gate.open()
      try await eventually("the worker to be ready again") { worker.health.isReady }
      running.cancel()
      try await running.value
      #expect(reasons(worker) == [.stopping])
    }

    @Test func `a worker's partitions are told with role, position, end and lag`() async throws {
      let application = try await Application(partitions: 2)
      let worker = Worker(application.configuration(), logger: quiet) { NoteDecider() }
      let running = Task { try await worker.run() }
      try await application.submit((0..<100).map { Command("key-\($0)", "note", "text") })
      let ends = try await application.ends(application.topics.commands)
      try await eventually("all to be told") {
        let partitions = worker.health.partitions
        return partitions.count == 2
          && partitions.allSatisfy { $0.role == .serving && $0.lagRecords == 0 && $0.end == ends[$0.number] }
      }
      running.cancel()
      try await running.value
    }
  }
}
