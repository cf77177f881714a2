import BlockingThreads
import Foundation
import KafkaClient
import Logging
import PartitionEngine
import RocksDB
import Sequitur
import Synchronization
import TestBroker
import Testing

@testable import SequiturWorker

extension SequiturWorkerTests {
  /// What no broker can be made to do in a test: news that come late.
  @Suite struct AssignmentsTests {
    @Test func `news of a discarded partition that come after it left and came back change nothing`()
      async throws
    {
      let bench = try Bench()
      await bench.assignments.assigned([0])
      try await eventually("the partition to be served") { bench.actors.count == 1 }
      try await bench.served()
      await bench.assignments.revoked([0], deadline: .now + .seconds(5))
      await bench.assignments.assigned([0])
      try await eventually("the partition to be served again") { bench.actors.count == 2 }
      try await bench.served()
      // Restored a third time, it would be served twice, which traps.
      await bench.assignments.discarded(bench.actors[0])
      await bench.assignments.discarded(bench.actors[0])
      #expect(bench.restores == 2)
      await bench.end()
    }

    @Test func `a partition is restored again when what serves it was discarded`() async throws {
      let bench = try Bench()
      await bench.assignments.assigned([0])
      try await bench.served()
      await bench.lane.lose([0])
      await bench.assignments.discarded(bench.actors[0])
      try await eventually("the second restore") { bench.actors.count == 2 }
      try await bench.served()
      #expect(bench.restores == 2)
      await bench.end()
    }

    @Test func `a partition whose queue cannot be opened is tried again, and served`() async throws {
      let refusals = Mutex(3)
      let bench = try Bench(openQueue: { queue in
        let isRefused = refusals.withLock { left in
          defer { left -= 1 }
          return left > 0
        }
        if isRefused {
          throw KafkaError(code: .unknownPartition, operation: "open a partition's queue", detail: "")
        }
        return queue
      })
      await bench.assignments.assigned([0])
      try await bench.served()
      #expect(refusals.withLock { $0 } == -1)
      #expect(bench.restores == 1)
      await bench.end()
    }

    @Test func `partitions whose restores wait keep no other from being served`() async throws {
      let end = OneTimeEvent()
      let bench = try Bench { number, _ in if number != 0 { await end.wait() } }
      await bench.assignments.assigned([1, 2, 3, 4, 5, 6, 7, 8, 9, 0])
      try await bench.served()
      #expect(bench.actors.map(\.partition) == [0])
      end.signal()
      try await eventually("the others to be served") { bench.actors.count == 10 }
      await bench.assignments.revoked(Array(1...9), deadline: .now + .seconds(5))
      await bench.end()
    }

    @Test func `a revoke cancels all restores before it waits for one of them`() async throws {
      let both = Mutex<[Int32: Cancellation]>([:])
      let bothCancelled = Mutex(0)
      let bench = try Bench { number, cancellation in
        both.withLock { $0[number] = cancellation }
        let thread = BlockingThread(name: "restore") {
          cancellation.wait(.seconds(60))
          // This one ends when the other one is cancelled, too.
          guard let other = both.withLock({ $0[1 - number] }) else { return }
          other.wait(.seconds(10))
          if other.isCancelled { bothCancelled.withLock { $0 += 1 } }
        }
        await thread.join()
        throw CancellationError()
      }
      await bench.assignments.assigned([0, 1])
      try await eventually("both restores") { both.withLock { $0.count == 2 } }
      await bench.assignments.revoked([0, 1], deadline: .now + .seconds(5))
      #expect(bothCancelled.withLock { $0 } == 2)
      await bench.end()
    }

    @Test func `work that was cancelled before a thread was free is not begun`() async throws {
      let pool = BlockingPool(name: "restore", threads: 1)
      let other = Cancellation()
      let busy = Task { try await pool.run { while !other.isCancelled { other.wait(.seconds(1)) } } }
      let begun = Mutex(false)
      let queued = Task { try await pool.run { begun.withLock { $0 = true } } }
      queued.cancel()
      await #expect(throws: CancellationError.self) { try await queued.value }
      other.cancel()
      try await busy.value
      // Whoever comes next is served as ever.
      #expect(try await pool.run { 7 } == 7)
      #expect(begun.withLock { !$0 })
      await pool.stop()
    }

    @Test func `a restore's calls are over within the revoke's time`() {
      var timeouts = WorkerTimeouts()
      #expect(timeouts.restoreCall == .seconds(2))
      timeouts.revoke = .seconds(1)
      #expect(timeouts.restoreCall == .seconds(1))
      timeouts.call = .milliseconds(10)
      #expect(timeouts.restoreCall == .milliseconds(250))
    }

    @Test func `a job that comes after a lane's end still runs`() async {
      let probe = Probe()
      #expect(await probe.answer() == 1)
      await probe.executor.stop()
      #expect(await probe.answer() == 2)
    }
  }
}

/// An actor on a lane's executor.
private actor Probe {
  nonisolated let executor = LaneExecutor(name: "probe")
  private var count = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  func answer() -> Int {
    count += 1
    return count
  }
}

/// Assignments with one lane, and restores that do nothing.
private final class Bench: Sendable {
  let assignments: Assignments
  let lane: Lane
  private let drainer: Drainer
  private let folder: URL
  private let state: StateDirectory
  private let statistics = WorkerStatistics()
  private let service: IdleService

  var restores: Int { service.counts.withLock { $0.restores } }
  var actors: [PartitionActor] { service.counts.withLock { $0.actors } }

  init(
    restoring: @escaping @Sendable (Int32, Cancellation) async throws -> Void = { _, _ in },
    openQueue: @escaping @Sendable (KafkaQueue) throws -> KafkaQueue = { $0 }
  ) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    let state = try StateDirectory(path: folder.path, options: DatabaseOptions(), logger: quiet)
    self.state = state
    let consumer = try KafkaConsumer(configuration: ["bootstrap.servers": "127.0.0.1:1"], logger: quiet)
    let drainer = Drainer(
      state: state, memory: MemoryBudget(bytes: 256 << 20), statistics: statistics, logger: quiet)
    self.drainer = drainer
    let lane = Lane(
      index: 0, limits: Limits(), drainer: drainer, intake: CommandIntake(bytesMax: 1 << 20),
      statistics: statistics,
      events: LaneEvents(discarded: { _ in }, committed: { _, _ in }, storeDamaged: { _ in }), logger: quiet)
    self.lane = lane
    let service = IdleService(
      queue: consumer.makeQueue(), state: state, restoring: restoring, openingQueue: openQueue)
    self.service = service
    assignments = Assignments(
      lanes: [lane], service: service, needsAll: false, objectBytesMax: 1 << 20, statistics: statistics,
      logger: quiet)
  }

  /// Returns when the partition is served.
  func served() async throws {
    try await eventually("the partition to be served") { statistics.snapshot.positions[0] != nil }
  }

  func end() async {
    await assignments.revoked([0], deadline: .now + .seconds(5))
    await lane.executor.stop()
    await drainer.stop()
    state.close()
    try? FileManager.default.removeItem(at: folder)
  }
}

/// Serves partitions that have no commands, and counts.
private final class IdleService: PartitionService {
  let counts = Mutex((restores: 0, actors: [PartitionActor]()))
  private let queue: KafkaQueue
  private let state: StateDirectory
  private let restoring: @Sendable (Int32, Cancellation) async throws -> Void
  private let openingQueue: @Sendable (KafkaQueue) throws -> KafkaQueue

  init(
    queue: KafkaQueue, state: StateDirectory,
    restoring: @escaping @Sendable (Int32, Cancellation) async throws -> Void,
    openingQueue: @escaping @Sendable (KafkaQueue) throws -> KafkaQueue
  ) {
    self.queue = queue
    self.state = state
    self.restoring = restoring
    self.openingQueue = openingQueue
  }

  func pause(_ partition: Int32) {}
  func openQueue(_ partition: Int32) throws -> KafkaQueue { try openingQueue(queue) }

  func restore(_ partition: Int32, _ cancellation: Cancellation) async throws -> RestoreJob.Restored {
    counts.withLock { $0.restores += 1 }
    try await restoring(partition, cancellation)
    return RestoreJob.Restored(
      store: try state.store(of: partition), position: 0, changelogPosition: 0, incarnation: nil)
  }

  func begin(_ partition: AssignedPartition, at position: Int64?) {}

  func makeActor(
    _ partition: AssignedPartition, _ restored: RestoreJob.Restored, on lane: Lane, objectBytesMax: Int
  ) -> PartitionActor {
    let actor = PartitionActor(
      partition: partition.number, queue: partition.queue, executor: lane.executor, store: restored.store,
      task: IdleTask())
    counts.withLock { $0.actors.append(actor) }
    return actor
  }

  func refused(_ refusal: PartitionRefused) {}
  func restart(_ error: KafkaError) {}
}

/// A partition's task without commands.
private final class IdleTask: PartitionTask {
  let lastCommand: LastCommand? = nil
  let hasOpenCommands = false
  let openByteCount = 0
  let committedPosition: Int64 = 0
  let undrainedByteCount = 0
  let isDraining = false

  func process(
    _ messages: borrowing MessageBatch, _ range: Range<Int>, into output: inout OutputBatch,
    outputBytesMax: Int
  ) -> RunResult { RunResult() }
  func pass(from position: Int64, to end: Int64) -> Bool { false }
  func seal(into output: inout OutputBatch) -> Int64 { 0 }
  func commit(checkpointOffset: Int64?) {}
  func takeDrain(
    _ body: (_ key: UnsafeRawBufferPointer, _ record: UnsafeRawBufferPointer?) -> Void
  ) -> DrainPosition { DrainPosition(changelogOffset: 0, commandPosition: 0) }
  func finishDrain() {}
  func failDrain() {}
  func setObjectBytesMax(_ limit: Int) {}
}
