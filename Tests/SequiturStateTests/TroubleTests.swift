import Foundation
import KafkaClient
import NoteDecider
import PartitionEngine
import RocksDB
import Sequitur
import TestBroker
import Testing

@testable import SequiturWorker

/// Point 3 of the guarantees on state: each test shows the damage first, then what becomes of it.
extension StateTests {
  // MARK: The changelog

  @Test func `a changelog that lost records below the position is served`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(20, text: "one")
    try await bench.work()
    guard try truncate(bench, before: try position(of: bench) - 1) else { return }
    try bench.sendNotes(20, text: "two")
    try await bench.work()
    #expect(try bench.stored() == bench.fold())
    try bench.expectGaplessVersions()
  }

  @Test func `a changelog that lost records the store needs is refused`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(20, text: "one")
    try await bench.work()
    guard try truncate(bench, before: try position(of: bench) - 1) else { return }
    try FileManager.default.removeItem(atPath: bench.stateDirectory)
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work() }
    switch refused?.fault {
    case .changelogTruncated, .changelogLost: break
    default: Issue.record("\(String(describing: refused))")
    }
    #expect(try bench.records(of: bench.topics.valid).count == 20)
  }

  @Test func `a changelog that was deleted and created again is never served as if it were whole`()
    async throws
  {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(20, text: "one")
    try await bench.work()
    let admin = try bench.admin()
    do {
      try requireSuccess(admin.deleteTopics([bench.topics.changelog], timeout: .seconds(10)))
    } catch {
      return skipped("deleteTopics: \(error)")
    }
    try await createAgain(bench)
    // Position above the end: the store is emptied; then the group is ahead of the empty changelog.
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work() }
    guard case .changelogLost(nil, 20) = refused?.fault else {
      Issue.record("\(String(describing: refused))")
      return
    }
    #expect(bench.log.has("the partition is rebuilt from its changelog"))
    #expect(try bench.stored().isEmpty)
  }

  @Test func `all topics and offsets deleted begin anew`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(20, text: "one")
    try await bench.work()
    let admin = try bench.admin()
    do {
      try admin.deleteConsumerGroupOffsets(
        group: bench.name, partitions: [TopicPartition(topic: bench.topics.commands, partition: 0)],
        timeout: .seconds(10))
      try requireSuccess(admin.deleteTopics(bench.topics.all, timeout: .seconds(10)))
    } catch {
      return skipped("deleting topics or offsets: \(error)")
    }
    try await createAgain(bench)
    try bench.sendNotes(5, text: "anew")
    try await bench.work()
    #expect(try bench.stored() == bench.fold())
    #expect(try bench.stored().count == 5)
  }

  @Test func `deleted group offsets make nothing be processed twice`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(20, text: "one")
    try await bench.work()
    do {
      try bench.admin().deleteConsumerGroupOffsets(
        group: bench.name, partitions: [TopicPartition(topic: bench.topics.commands, partition: 0)],
        timeout: .seconds(10))
    } catch {
      return skipped("deleteConsumerGroupOffsets: \(error)")
    }
    try bench.sendNotes(20, text: "two")
    try await bench.work()
    #expect(try bench.records(of: bench.topics.valid).count == 40)
    try bench.expectGaplessVersions()
    #expect(try bench.stored() == bench.fold())
  }

  @Test func `a changelog record that cannot be decoded is refused with its offset`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(3, text: "one")
    try await bench.work()
    let producer = try KafkaProducer(configuration: bench.kafka, logger: bench.log.logger)
    let topic = try producer.topic(bench.topics.changelog)
    // Without the header v: no version.
    try Array("stray".utf8).withUnsafeBytes {
      try producer.produce(topic: topic, partition: 0, key: $0, value: $0)
    }
    try producer.flush(timeout: .seconds(10))
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work() }
    guard case .unreadableRecord = refused?.fault else {
      Issue.record("\(String(describing: refused))")
      return
    }
    #expect(refused?.description.contains("offset") == true)
  }

  // MARK: The store's files

  @Test(arguments: [
    "MANIFEST", "MANIFEST cut", "CURRENT cut", "CURRENT gone", "MANIFEST gone", "table gone", "table cut",
  ])
  func `a store damaged at the start is set aside and rebuilt`(_ damage: String) async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(50, text: "one")
    try await bench.work()
    try damageStore(bench, damage)
    // A manifest that ends early is an older one to RocksDB: a consistent store, of which more is replayed.
    let isSeen = damage != "MANIFEST cut"
    if isSeen { #expect(throws: (any Error).self) { try bench.stored() } }
    try bench.sendNotes(50, text: "two")
    try await bench.work()
    #expect(try bench.stored() == bench.fold())
    try bench.expectGaplessVersions()
    guard isSeen else { return }
    #expect(bench.log.has("the local store is damaged; it was set aside"), "\(bench.log.lines)")
    let names = try FileManager.default.contentsOfDirectory(atPath: bench.stateDirectory)
    #expect(names.contains { $0.hasPrefix("store.damaged-") })
  }

  @Test func `a table found damaged by a read empties that partition and rebuilds it`() async throws {
    let bench = try StateBench(partitions: 2)
    try await bench.createTopics()
    // Incompressible, so that the table has blocks besides its index.
    try bench.send((0..<2000).map { ("key-\($0)", "\(UInt64.random(in: 0 ... .max))".repeated(10)) })
    try await bench.work()
    let before = try bench.stored()
    let tables = try TemporaryDirectory.files(in: bench.stateDirectory + "/store", endingWith: ".sst")
    try flipBytes(of: try #require(tables.first), fractions: [0.2, 0.3, 0.4, 0.5, 0.6])
    #expect(throws: (any Error).self) { try bench.stored() }
    try bench.sendNotes(2000, text: "two")
    try await bench.work()
    #expect(try bench.stored() == bench.fold())
    #expect(try bench.stored().count == before.count)
    try bench.expectGaplessVersions()
    #expect(bench.log.has("the store cannot be read") || bench.log.has("is damaged"), "\(bench.log.lines)")
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
      try bench.send(
        (0..<1000).map { ("key-\(sent + $0)", "\(UInt64.random(in: 0 ... .max))".repeated(40)) })
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
    for table in tables() { try? flipBytes(of: table, fractions: [0.2, 0.3, 0.4, 0.5, 0.6]) }
    while !bench.log.has("the local store was set aside"), sent < 60_000 { try await sendMore() }
    #expect(bench.log.has("the local store was set aside"))
    try await sendMore()
    running.cancel()
    try await running.value
    try bench.expectGaplessVersions()
    #expect(try bench.stored() == bench.fold())
    let names = try FileManager.default.contentsOfDirectory(atPath: bench.stateDirectory)
    #expect(names.contains { $0.hasPrefix("store.damaged-") })
  }

  // MARK: The directory

  @Test func `two workers on one directory: the second is refused`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    let held = try StateDirectory(
      path: bench.stateDirectory, options: DatabaseOptions(), logger: bench.log.logger)
    let fault = await #expect(throws: WorkerStartFault.self) { try await bench.work() }
    #expect(fault?.description.contains("another one uses it") == true)
    #expect(throws: StoreInspectionFault.noStore(path: bench.directory.path)) {
      try StoreInspection(stateDirectory: bench.directory.path)
    }
    #expect(throws: StoreInspectionFault.inUse(path: bench.stateDirectory)) {
      try StoreInspection(stateDirectory: bench.stateDirectory)
    }
    held.close()
    try await bench.work()
  }

  @Test func `a directory that cannot be written is refused`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    let fault = await #expect(throws: WorkerStartFault.self) {
      try await bench.work { $0.stateDirectory = "/proc/sequitur" }
    }
    #expect(fault?.description.contains("--state-dir") == true)
    guard let mount = try SmallDisk(bytes: 1 << 20) else { return skipped("no small disk: not root") }
    defer { mount.unmount() }
    try mount.makeReadOnly()
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

  // MARK: Doing damage

  private func position(of bench: StateBench) throws -> Int64 {
    try StoreInspection(stateDirectory: bench.stateDirectory).figures(of: 0, isExact: false).changelogOffset
      ?? 0
  }

  /// Deletes the changelog's records below an offset; false when the broker cannot.
  private func truncate(_ bench: StateBench, before offset: Int64) throws -> Bool {
    do {
      let admin = try bench.admin()
      // Kafka deletes no records of a topic that is only compacted.
      try alter(bench.topics.changelog, "cleanup.policy", "delete")
      defer { try? alter(bench.topics.changelog, "cleanup.policy", "compact") }
      try admin.deleteRecords(
        before: [TopicPartitionOffset(topic: bench.topics.changelog, partition: 0, offset: offset)],
        timeout: .seconds(10))
      let low = try admin.watermarks(topic: bench.topics.changelog, partition: 0, timeout: .seconds(10)).low
      if low == offset { return true }
      skipped("deleteRecords left the log start at \(low)")
    } catch {
      skipped("deleteRecords: \(error)")
    }
    return false
  }

  /// Changes a topic's property, by the Python client.
  private func alter(_ topic: String, _ name: String, _ value: String) throws {
    let script = """
      import sys
      from confluent_kafka.admin import AdminClient, ConfigResource
      servers, topic, name, value = sys.argv[1:]
      resource = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config={name: value})
      for future in AdminClient({"bootstrap.servers": servers}).alter_configs([resource]).values():
          future.result(10)
      """
    let process = Process()
    let python: URL = try #require(PackageRoot.python)
    process.executableURL = python
    process.arguments = ["-c", script, try TestBroker.bootstrap(), topic, name, value]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw PropertyNotChanged(topic: topic, name: name) }
  }

  private func requireSuccess(_ results: [TopicResult]) throws {
    for case let error? in results.map(\.error) { throw error }
  }

  /// A topic that was deleted a moment ago may not be gone yet.
  private func createAgain(_ bench: StateBench) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      let report = await TopicSetup(topics: bench.topics, kafka: bench.kafka, logger: bench.log.logger)
        .create(TopicShape(partitions: bench.partitions))
      if report.errors.isEmpty { return }
      try #require(ContinuousClock.now < deadline, "\(report.errors)")
    }
  }

  private func damageStore(_ bench: StateBench, _ damage: String) throws {
    let store = bench.stateDirectory + "/store"
    let words = damage.split(separator: " ")
    let file =
      switch words[0] {
      case "CURRENT": store + "/CURRENT"
      case "MANIFEST":
        try #require(
          try FileManager.default.contentsOfDirectory(atPath: store).first { $0.hasPrefix("MANIFEST-") }
            .map { store + "/" + $0 })
      default: try #require(try TemporaryDirectory.files(in: store, endingWith: ".sst").first)
      }
    if words.last == "gone" {
      try FileManager.default.removeItem(atPath: file)
    } else if words.last == "MANIFEST" {
      try flipBytes(of: file, fractions: [0.3])
    } else {
      let bytes = try Data(contentsOf: URL(filePath: file))
      try bytes.prefix(bytes.count / 2).write(to: URL(filePath: file))
    }
  }

  private func flipBytes(of file: String, fractions: [Double]) throws {
    var bytes = try Data(contentsOf: URL(filePath: file))
    for fraction in fractions {
      let index = Int(Double(bytes.count) * fraction)
      for offset in index..<min(index + 64, bytes.count) { bytes[offset] ^= 0xff }
    }
    try bytes.write(to: URL(filePath: file))
  }
}

/// The broker does not let a topic's property be changed.
private struct PropertyNotChanged: Error {
  let topic: String
  let name: String
}

extension String {
  fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
