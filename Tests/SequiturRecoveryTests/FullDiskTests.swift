import Foundation
import NoteDecider
import Sequitur
import SequiturInspection
import TestBroker
import Testing

@testable import SequiturWorker

extension StateTests {
  @Test func `a full disk pauses the worker, and nothing is lost when there is room again`() async throws {
    let bench = try StateBench()
    guard let disk = try SmallDisk(bytes: 64 << 20) else {
      try Test.cancel("There is no small disk: this is not root.")
    }
    defer { disk.unmount() }
    try await bench.createTopics()
    var configuration = bench.configuration
    configuration.stateDirectory = disk.path + "/state"
    configuration.stopsWhenCaughtUp = false
    configuration.limits.undrainedBytesMax = 1 << 18
    configuration.memoryBytes = MemoryBudget.bytesMin
    let worker = Worker(configuration, logger: bench.log.logger) { NoteDecider() }
    let running = Task { try await worker.run() }
    try bench.sendNotes(500, text: "before")
    try await until("the first notes are processed") { worker.statistics.snapshot.commands >= 500 }
    try disk.fill()
    let text = String(repeating: "x", count: 2000)
    try bench.sendNotes(6000, text: text)
    try await until("the worker says that it is unhealthy") { worker.statistics.snapshot.storeFault != nil }
    // The damage: the disk has no byte left, and the worker stands still with commands before it.
    #expect(disk.freeBytes == 0)
    #expect(worker.statistics.snapshot.storeFault?.contains("the disk has 0 MB free") == true)
    #expect(bench.log.has("error the store cannot be written; partitions pause when their memory is full"))
    #expect(worker.statistics.snapshot.commands < 6500)
    try disk.empty()
    try await until("all is processed after all") { worker.statistics.snapshot.commands >= 6500 }
    try await until("the worker is healthy again") { worker.statistics.snapshot.storeFault == nil }
    running.cancel()
    try await running.value
    #expect(bench.log.has("the store can be written again"))
    #expect(try bench.records(of: bench.topics.valid).count == 6500)
    try bench.expectGaplessVersions()
    let inspection = try StoreInspection(stateDirectory: disk.path + "/state")
    var stored: [String: String] = [:]
    for partition in inspection.partitions {
      try inspection.forEachObject(in: partition) { object in
        stored[String(decoding: object.key, as: UTF8.self)] = String(decoding: object.state, as: UTF8.self)
      }
    }
    #expect(try stored == bench.fold())
  }

  @Test func `a disk that is full at the start is refused`() async throws {
    let bench = try StateBench()
    guard let disk = try SmallDisk(bytes: 64 << 20) else {
      try Test.cancel("There is no small disk: this is not root.")
    }
    defer { disk.unmount() }
    try await bench.createTopics()
    let onSmallDisk: (inout WorkerConfiguration) -> Void = {
      $0.stateDirectory = disk.path + "/state"
      $0.memoryBytes = MemoryBudget.bytesMin
    }
    try disk.fill()
    #expect(disk.freeBytes == 0)
    let fault = await #expect(throws: WorkerStartFault.self) {
      try await bench.work(onSmallDisk)
    }
    let text = "\(String(describing: fault))"
    #expect(text.contains("No space left") || text.contains("the disk"), "\(text)")
    try disk.empty()
    try await bench.work(onSmallDisk)
  }

  /// Waits for something that the worker does; at most two minutes.
  private func until(_ what: String, _ condition: @escaping @Sendable () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    while !condition() {
      try #require(ContinuousClock.now < deadline, "\(what)")
      await Poll.pause()
    }
  }
}
