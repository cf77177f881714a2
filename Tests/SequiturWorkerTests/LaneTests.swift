import Foundation
import LifecycleRules
import NoteDecider
import Sequitur
import Synchronization
import TestBroker
import Testing

@testable import SequiturWorker

extension SequiturWorkerTests {
  /// Partitions that share a lane, and lanes beside each other.
  @Suite struct LaneTests {
    @Test(.enabled(if: TestBroker.isAvailable))
    func `a partition with a long backlog does not starve the others on its lane`() async throws {
      let application = try await Application(partitions: 4)
      let backlog = 40_000
      try await application.submit((0..<backlog).map { .on(0, .amend("none-\($0 % 100)", total: 1)) })
      try await application.submit((1...3).map { .on($0, .create("order-\($0)")) })
      let worker = WorkerInProcess(application.configuration())
      try await eventually("the outcomes of the other partitions") {
        let positions = worker.worker.statistics.snapshot.positions
        return (1...3).allSatisfy { positions[$0] == 1 }
      }
      #expect(worker.worker.statistics.snapshot.positions[0] ?? 0 < Int64(backlog))
      try await application.caughtUp()
      try await worker.stop()
      try await expectNoFault(application)
    }

    @Test(.enabled(if: TestBroker.isAvailable))
    func `a partition that stands still does not stop another lane`() async throws {
      let application = try await Application(partitions: 2)
      let gate = Gate()
      let worker = Worker(application.configuration(lanes: 2), logger: quiet) { WatchedDecider(gate: gate) }
      let running = Task { try await worker.run() }
      try await application.submit([.on(0, Command("held", "note", "wait"))])
      await gate.reached.wait()
      try await application.submit((0..<100).map { .on(1, Command("free-\($0)", "note")) })
      try await eventually("the other lane's outcomes") { worker.statistics.snapshot.positions[1] == 100 }
      #expect(worker.statistics.snapshot.positions[0] == 0)
      gate.open()
      try await application.caughtUp()
      running.cancel()
      try await running.value
    }
  }
}

extension Command {
  /// The command on this partition, whatever its key.
  static func on(_ partition: Int32, _ command: Command) -> Command {
    var command = command
    command.partition = partition
    return command
  }
}
