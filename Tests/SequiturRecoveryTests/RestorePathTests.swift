import Foundation
import KafkaClient
import RocksDB
import SequiturInspection
import Synchronization
import Testing

@testable import SequiturWorker

/// The two ways in which a restore writes: batches, and table files that are added to the store.
extension StateTests {
  @Test func `table files and batches restore the same store, and two stores can be compared`() async throws {
    let bench = try await restorable()
    let batches = try TemporaryDirectory()
    let files = try TemporaryDirectory()
    let first = try restore(bench, into: batches.path, recordsForRuns: .max)
    // So small that the objects make many files, each over the ones before.
    let second = try restore(bench, into: files.path, recordsForRuns: 0, runBytesMax: 20_000)
    #expect(first == second)
    let left = try StoreInspection(stateDirectory: batches.path)
    try left.differences(from: StoreInspection(stateDirectory: files.path)) { Issue.record("\($0)") }
    #expect(try left.figures(of: 0, isExact: true).objects == bench.fold().count)
    #expect(left.header == nil)

    // And a difference is seen: the store that the worker itself made, one object further.
    try bench.send([("key-1", "changed"), ("new", "new")])
    try await bench.work()
    var differences: [StoreDifference] = []
    try left.differences(from: StoreInspection(stateDirectory: bench.stateDirectory)) {
      differences.append($0)
    }
    #expect(differences.map { String(decoding: $0.key, as: UTF8.self) } == ["key-1", "new"])
    #expect(differences.map(\.kind) == [.differs, .onlyInSecond])
  }

  @Test(arguments: [0, Int64.max])
  func `a restore that is cancelled keeps what it has, and goes on from there`(
    recordsForRuns: Int64
  ) async throws {
    let bench = try await restorable()
    let directory = try TemporaryDirectory()
    let cancellation = Cancellation()
    var positions: [Int64] = []
    // Cancelled as soon as something is in the store; whether it ends before is a matter of luck.
    let watched = try StateDirectory(
      path: directory.path, options: DatabaseOptions(), logger: bench.log.logger)
    let canceller = Thread {
      while !cancellation.isCancelled {
        if let position = try? watched.store(of: 0).position(), position.changelogOffset > 0 {
          cancellation.cancel()
        }
      }
    }
    canceller.start()
    do {
      positions.append(
        try job(bench, watched, recordsForRuns, 20_000, cancellation).run().changelogPosition)
    } catch is CancellationError {
      positions.append(try #require(try watched.store(of: 0).position()?.changelogOffset))
    }
    cancellation.cancel()
    watched.close()
    positions.append(
      try restore(bench, into: directory.path, recordsForRuns: recordsForRuns, runBytesMax: 20_000))
    #expect(positions[0] > 0 && positions[0] <= positions[1])
    let inspection = try StoreInspection(stateDirectory: directory.path)
    let comparison = try inspection.differences(
      fromChangelog: bench.topics.changelog, kafka: bench.kafka, logger: bench.log.logger
    ) { Issue.record("\($0)") }
    #expect(comparison.objects == (try bench.fold().count))
  }

  /// An application whose changelog holds objects that were changed and some that were forgotten.
  private func restorable() async throws -> StateBench {
    let bench = try StateBench()
    try await bench.createTopics()
    for round in 0..<3 {
      try bench.sendNotes(3000, text: "round \(round)")
      try bench.send((0..<100).map { ("key-\($0 * 7 + round)", "forget") })
      try await bench.work()
    }
    return bench
  }

  /// Restores the partition into a directory; the changelog offset that it came to.
  private func restore(
    _ bench: StateBench, into path: String, recordsForRuns: Int64, runBytesMax: Int = 1 << 20
  ) throws -> Int64 {
    let state = try StateDirectory(path: path, options: DatabaseOptions(), logger: bench.log.logger)
    defer {
      state.flush(wait: true)
      state.close()
    }
    return try job(bench, state, recordsForRuns, runBytesMax, Cancellation()).run().changelogPosition
  }

  private func job(
    _ bench: StateBench, _ state: StateDirectory, _ recordsForRuns: Int64, _ runBytesMax: Int,
    _ cancellation: Cancellation
  ) throws -> RestoreJob {
    let configuration = bench.configuration
    var job = RestoreJob(
      partition: 0, partitions: 1, topics: bench.topics, state: state,
      consumer: try KafkaConsumer(
        configuration: configuration.consumerProperties(partitions: 1), logger: bench.log.logger),
      admin: try bench.admin(), readerConfiguration: configuration.readerProperties(readers: 1),
      turns: RestoreTurns(count: 1), runBytesMax: runBytesMax, timeouts: configuration.timeouts,
      schemaVersion: 1, crashGuard: nil,
      commands: CommandReader(
        topic: bench.topics.commands, configuration: configuration.readerProperties(readers: 1),
        logger: bench.log.logger),
      orders: InputOrders(WorkerConfiguration.Input()), statistics: WorkerStatistics(),
      logger: bench.log.logger, cancellation: cancellation)
    job.recordsForRuns = recordsForRuns
    return job
  }
}
