import Foundation
import NoteDecider
import PartitionEngine
import RocksDB
import Sequitur
import SequiturInspection
import TestBroker
import Testing

@testable import SequiturWorker

/// What can happen to the store's files and its directory: each test shows the damage first, then what becomes of it.
/// (The table in docs/state.md names them.)
extension StateTests {
  @Test(arguments: [
    "MANIFEST flipped", "MANIFEST gone", "CURRENT cut", "CURRENT gone", "table cut", "table gone",
  ])
  func `a store damaged at the start is set aside and rebuilt`(_ damage: String) async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(50, text: "one")
    try await bench.work()
    let words = damage.split(separator: " ")
    let file = try bench.storeFile(words[0])
    switch words[1] {
    case "gone": try FileManager.default.removeItem(atPath: file)
    case "cut": try StateBench.cut(file)
    default: try StateBench.flipBytes(of: file, fractions: [0.3])
    }
    // The damage: nobody can open this store, or read it.
    #expect(throws: (any Error).self) { try bench.stored() }
    try bench.sendNotes(50, text: "two")
    try await bench.work()
    #expect(bench.log.has("error the local store is damaged; it was set aside"), "\(bench.log.lines)")
    #expect(try bench.storesSetAside().count == 1)
    try expectAllProcessedOnce(bench, 100)
  }

  /// A manifest that ends early is an older one to RocksDB: a consistent store, of which more is replayed.
  @Test func `a manifest that ends early is an older store, and the rest is replayed`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(50, text: "one")
    try await bench.work()
    let before = try bench.stored()
    try StateBench.cut(try bench.storeFile("MANIFEST"))
    // The damage: what was stored is not there any more.
    #expect((try? bench.stored()) != before)
    try bench.sendNotes(50, text: "two")
    try await bench.work()
    try expectAllProcessedOnce(bench, 100)
  }

  @Test func `a table found damaged by a read empties that partition and rebuilds it`() async throws {
    let bench = try StateBench(partitions: 2)
    try await bench.createTopics()
    // Incompressible, so that the table has blocks besides its index.
    try bench.send(Self.noise(keys: 0..<2000, words: 10))
    try await bench.work()
    let before = try bench.stored()
    try StateBench.flipBytes(of: try bench.storeFile("table"), fractions: [0.2, 0.3, 0.4, 0.5, 0.6])
    // The damage: a checksum does not fit.
    let fault = #expect(throws: (any Error).self) { try bench.stored() }
    #expect("\(String(describing: fault))".contains("checksum"), "\(String(describing: fault))")
    try bench.sendNotes(2000, text: "two")
    try await bench.work()
    #expect(
      bench.log.has("error the store cannot be read")
        || bench.log.has("error the partition's store is damaged"), "\(bench.log.lines)")
    #expect(try bench.stored().count == before.count)
    try expectAllProcessedOnce(bench, 4000)
  }

  @Test func `a table found damaged by a compaction makes the store be set aside and rebuilt`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    var configuration = bench.configuration
    configuration.stopsWhenCaughtUp = false
    configuration.memoryBytes = MemoryBudget.bytesMin
    configuration.objectBytesMax = 1 << 20
    let worker = Worker(configuration, logger: bench.log.logger) { NoteDecider() }
    let running = Task { try await worker.run() }
    var sent = 0
    func sendMore() async throws {
      try bench.send(Self.noise(keys: sent..<sent + 1000, words: 40))
      sent += 1000
      let expected = sent
      try await eventually("\(expected) commands are processed", within: .seconds(120)) {
        worker.statistics.snapshot.commands >= expected
      }
    }
    func tables() -> [String] {
      // Smaller ones hold the header.
      let found = try? TemporaryDirectory.files(in: bench.stateDirectory + "/store", endingWith: ".sst")
      return (found ?? []).filter { TemporaryDirectory.size($0) > 100_000 }
    }
    // Until there is a table with objects, which a compaction will read.
    while tables().isEmpty, sent < 30_000 { try await sendMore() }
    let damaged = tables()
    #expect(try !damaged.isEmpty && bench.storesSetAside().isEmpty)
    for table in damaged { try? StateBench.flipBytes(of: table, fractions: [0.2, 0.3, 0.4, 0.5, 0.6]) }
    while try bench.storesSetAside().isEmpty, sent < 60_000 { try await sendMore() }
    try await sendMore()
    running.cancel()
    try await running.value
    // The damage, as the compaction says it.
    #expect(bench.log.lines.contains { $0.contains("cannot be written") && $0.contains("checksum") })
    #expect(bench.log.has("error the local store was set aside"))
    #expect(try bench.storesSetAside().count == 1)
    try expectAllProcessedOnce(bench, sent)
  }

  // MARK: The directory

  @Test func `two workers on one directory: the second is refused`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    let held = try StateDirectory(
      path: bench.stateDirectory, options: DatabaseOptions(), logger: bench.log.logger)
    // The damage: somebody holds the directory's lock.
    #expect(throws: StoreInspectionFault.inUse(path: bench.stateDirectory)) {
      try StoreInspection(stateDirectory: bench.stateDirectory)
    }
    try bench.sendNotes(1, text: "one")
    let fault = await #expect(throws: WorkerStartFault.self) { try await bench.work() }
    #expect(fault?.description.contains("another one uses it") == true)
    #expect(try bench.records(of: bench.topics.valid).isEmpty)
    #expect(throws: StoreInspectionFault.noStore(path: bench.directory.path)) {
      try StoreInspection(stateDirectory: bench.directory.path)
    }
    held.close()
    try await bench.work()
    try expectAllProcessedOnce(bench, 1)
  }

  @Test func `a directory that cannot be written is refused`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    let fault = await #expect(throws: WorkerStartFault.self) {
      try await bench.work { $0.stateDirectory = "/proc/sequitur" }
    }
    #expect(fault?.description.contains("--state-dir") == true)
    guard let mount = try SmallDisk(bytes: 1 << 20) else {
      try Test.cancel("There is no small disk: this is not root.")
    }
    defer { mount.unmount() }
    try mount.makeReadOnly()
    // The damage: not even root can write there.
    #expect(throws: (any Error).self) { try Data().write(to: URL(filePath: mount.path + "/file")) }
    let readOnly = await #expect(throws: WorkerStartFault.self) {
      try await bench.work { $0.stateDirectory = mount.path }
    }
    #expect(
      readOnly?.description.contains("Read-only file system") == true, "\(String(describing: readOnly))")
  }

  @Test func `a partition that was away for longer than a day is dropped`() async throws {
    let bench = try StateBench(partitions: 2)
    try await bench.createTopics()
    try bench.sendNotes(20, text: "one")
    try await bench.work()
    let state = try StateDirectory(
      path: bench.stateDirectory, options: DatabaseOptions(), logger: bench.log.logger)
    defer { state.close() }
    let day = Duration.seconds(24 * 3600)
    try state.retire(serving: [0, 1], retention: day, now: Date(timeIntervalSince1970: 1_000_000))
    try state.retire(serving: [0], retention: day, now: Date(timeIntervalSince1970: 1_086_000))
    #expect(state.partitions.sorted() == [0, 1])
    try state.retire(serving: [0], retention: day, now: Date(timeIntervalSince1970: 1_087_000))
    #expect(state.partitions == [0])
  }

  // MARK: Looking

  /// Each command has one event, nothing was processed twice, and the store is the fold.
  private func expectAllProcessedOnce(_ bench: StateBench, _ commands: Int) throws {
    #expect(try bench.records(of: bench.topics.valid).count == commands)
    #expect(try bench.records(of: bench.topics.invalid).isEmpty)
    try bench.expectGaplessVersions()
    #expect(try bench.stored() == bench.fold())
  }

  /// Notes that cannot be compressed.
  private static func noise(keys: Range<Int>, words: Int) -> [(key: String, payload: String)] {
    keys.map { ("key-\($0)", String(repeating: "\(UInt64.random(in: 0 ... .max))", count: words)) }
  }
}
