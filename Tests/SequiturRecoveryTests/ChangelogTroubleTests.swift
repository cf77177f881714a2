import Foundation
import KafkaClient
import PartitionEngine
import Sequitur
import SequiturInspection
import TestBroker
import Testing
import WorkerEventLog

@testable import SequiturWorker

/// What can happen to the changelog and to the group's offsets: each test shows the damage first, then what becomes of
/// it. (The table in docs/state.md names them.)
extension StateTests {
  @Test func `a changelog that lost records below the position is served`() async throws {
    let bench = try await worked()
    let position = try #require(try bench.storedFigures().changelogOffset)
    try bench.truncateChangelog(before: position - 1)
    // The damage: all objects are gone from the changelog. The store has them.
    #expect(try bench.changelogBounds().low == position - 1)
    #expect(try bench.records(of: bench.topics.changelog).filter { !$0.key.isEmpty }.isEmpty)
    try bench.sendNotes(20, text: "two")
    try await bench.work()
    #expect(try bench.stored() == bench.fold())
    #expect(try bench.stored()["key-0"] == "2 two")
    try bench.expectGaplessVersions()
    #expect(!bench.events.has { $0.isRebuilding || $0.isRefused })
  }

  @Test func `a changelog that lost records the store needs is refused`() async throws {
    let bench = try await worked()
    let low = try #require(try bench.storedFigures().changelogOffset) - 1
    try bench.truncateChangelog(before: low)
    try FileManager.default.removeItem(atPath: bench.stateDirectory)
    // The damage: the changelog begins behind the objects, and no store has them.
    #expect(try bench.changelogBounds().low == low && low > 0)
    try bench.sendNotes(20, text: "two")
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work() }
    #expect(refused?.fault == .changelogTruncated(needed: 0, logStart: low))
    #expect(bench.events.has(\.isRefused))
    #expect(try bench.records(of: bench.topics.valid).count == 20)
    // As a program it says so too, with the exit code of a fault.
    let result = try await bench.runProgram()
    #expect(result.exit == .code(1), "\(result.output.standardError)")
    #expect(result.output.standardError.contains("the changelog begins at \(low)"))
  }

  @Test func `a changelog that was deleted and created again is never served as if it were whole`()
    async throws
  {
    let bench = try await worked()
    try await bench.recreate([bench.topics.changelog])
    // The damage: an empty changelog below the store's position, and a group that has processed 20 commands.
    let position = try #require(try bench.storedFigures().changelogOffset)
    #expect(try bench.changelogBounds().high == 0 && position > 0)
    #expect(try bench.groupPosition() == 20)
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work() }
    #expect(refused?.fault == .changelogLost(checkpoint: nil, groupPosition: 20))
    #expect(refused?.description.contains("20 commands' states are lost") == true)
    #expect(bench.events.has(\.isRebuilding))
    #expect(
      bench.events.rebuilt(
        because: "the store stands for changelog offset \(position), but the changelog ends at 0"))
    #expect(try bench.stored().isEmpty)
    #expect(try bench.records(of: bench.topics.valid).count == 20)
  }

  @Test func `a store above the changelog's end is rebuilt from what the changelog says now`() async throws {
    let bench = try await worked(rounds: 6)
    let (old, oldStore) = (try bench.storedFigures(), try bench.stored())
    try await processedAgain(bench)
    // The damage: another worker has written a shorter changelog meanwhile; the store is of the old one.
    let end = try bench.changelogBounds().high
    let position = try #require(old.changelogOffset)
    #expect(end < position)
    #expect(try bench.stored() == oldStore)
    try bench.sendNotes(20, text: "more")
    try await bench.work()
    #expect(
      bench.events.rebuilt(
        because: "the store stands for changelog offset \(position), but the changelog ends at"))
    try expectNewStore(bench, after: old)
  }

  @Test(arguments: [0, 200])
  func `a store of a changelog that was created again and outgrew it is rebuilt`(more: Int) async throws {
    let bench = try await worked()
    let old = try bench.storedFigures()
    try await processedAgain(bench, more: more)
    // The damage: nothing that can be counted shows it. Only the checkpoints are those of another changelog.
    #expect(try bench.changelogBounds().high >= #require(old.changelogOffset))
    let incarnation = try #require(try bench.changelogIncarnation())
    #expect(old.incarnation != nil && old.incarnation.map { "\($0)" } != incarnation)
    try bench.sendNotes(20, text: "more")
    try await bench.work()
    #expect(bench.events.has(\.isRebuilding))
    let reasons = [
      "its checkpoints are of the incarnation \(incarnation)",
      "made from a checkpoint at changelog offset \(old.changelogOffset! - 1), but something else stands there",
    ]
    #expect(reasons.contains { bench.events.rebuilt(because: $0) }, "\(bench.events.all)")
    try expectNewStore(bench, after: old)
  }

  @Test func `all topics and offsets deleted begin anew`() async throws {
    let bench = try await worked()
    try await bench.deleteGroupOffsets()
    try await bench.recreate(bench.topics.all)
    // The damage: nothing is left but the store, which stands for what nobody has any more.
    #expect(try bench.groupPosition() == nil && bench.changelogBounds().high == 0)
    #expect(try bench.stored().count == 20)
    try bench.sendNotes(5, text: "anew")
    try await bench.work()
    #expect(bench.events.has(\.isRebuilding))
    #expect(try bench.stored() == bench.fold())
    #expect(try bench.stored().count == 5)
  }

  @Test func `deleted group offsets make nothing be processed twice`() async throws {
    let bench = try await worked()
    try await bench.deleteGroupOffsets()
    // The damage: a group without a position would begin at the topic's start.
    #expect(try bench.groupPosition() == nil)
    try bench.sendNotes(20, text: "two")
    let snapshot = try await bench.work()
    #expect(snapshot.commands == 20)
    #expect(try bench.records(of: bench.topics.valid).count == 40)
    #expect(try bench.records(of: bench.topics.invalid).isEmpty)
    try bench.expectGaplessVersions()
    #expect(try bench.stored() == bench.fold())
    #expect(try bench.groupPosition() == 40)
  }

  @Test(.enabled(if: PackageRoot.python != nil))
  func `a checkpoint behind the group's position is refused, and what is lost is said`() async throws {
    let bench = try await worked()
    try bench.sendNotes(6, text: "two")
    try bench.setGroupPosition(26)
    // The damage: the group has passed six commands of which the changelog knows nothing.
    #expect(try bench.groupPosition() == 26)
    #expect(try bench.storedFigures().commandPosition == 20)
    let before = try bench.stored()
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work() }
    #expect(refused?.fault == .changelogLost(checkpoint: 20, groupPosition: 26))
    #expect(refused?.description.contains("6 commands' states are lost") == true)
    #expect(bench.events.has(\.isRefused))
    #expect(try bench.records(of: bench.topics.valid).count == 20)
    #expect(try bench.stored() == before)
    // The way out that the message names: back to the checkpoint.
    try bench.setGroupPosition(20)
    try await bench.work()
    #expect(try bench.records(of: bench.topics.valid).count == 26)
    #expect(try bench.stored() == bench.fold())
  }

  @Test(.enabled(if: PackageRoot.python != nil))
  func `a group's position from an aborted transaction is not believed, and nothing is skipped`() async throws
  {
    let bench = try await worked()
    try bench.sendNotes(6, text: "two")
    try bench.leaveAbortedCheckpoint(26)
    // The damage: the group shows what a transaction had sent that was aborted (KAFKA-17507).
    try bench.setGroupPosition(26)
    #expect(try bench.groupPosition() == 26)
    #expect(try bench.storedFigures().commandPosition == 20)
    try await bench.work()
    #expect(bench.log.has("the group shows the position of a transaction that was aborted"))
    #expect(try bench.records(of: bench.topics.valid).count == 26)
    #expect(try bench.stored() == bench.fold())
    #expect(try bench.groupPosition() == 26)
    try bench.expectGaplessVersions()
  }

  @Test func `a changelog record that cannot be decoded is refused with its offset`() async throws {
    let bench = try await worked()
    let producer = try KafkaProducer(configuration: bench.kafka, logger: bench.log.logger)
    let topic = try producer.topic(bench.topics.changelog)
    // Without the header v: no version.
    try Array("stray".utf8).withUnsafeBytes {
      try producer.produce(topic: topic, partition: 0, key: $0, value: $0)
    }
    try producer.flush(timeout: .seconds(10))
    // The damage: it is the changelog's last record.
    let stray = try #require(try bench.records(of: bench.topics.changelog).last)
    #expect(stray.key == "stray" && stray.header("v") == nil)
    try bench.sendNotes(3, text: "two")
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work() }
    #expect(
      refused?.fault
        == .unreadableRecord(offset: stray.offset, reason: "its header v is not a version, 1 to 2^63-1"))
    #expect(refused?.description.contains("the changelog record at offset \(stray.offset)") == true)
    #expect(bench.events.has(\.isRefused))
    #expect(try bench.records(of: bench.topics.valid).count == 20)
  }

  // MARK: How it comes about

  /// An application that has processed 20 commands, some times over.
  private func worked(rounds: Int = 1) async throws -> StateBench {
    let bench = try StateBench()
    try await bench.createTopics()
    for round in 0..<rounds {
      try bench.sendNotes(20, text: "round \(round)")
      try await bench.work()
    }
    return bench
  }

  /// Deletes all that was made of the commands, and lets a worker elsewhere process them again, and more of them.
  private func processedAgain(_ bench: StateBench, more: Int = 0) async throws {
    try await bench.deleteGroupOffsets()
    try await bench.recreate([bench.topics.valid, bench.topics.invalid, bench.topics.changelog])
    #expect(try bench.groupPosition() == nil)
    for number in 0..<more { try bench.send([("other-\(number)", "elsewhere")]) }
    try await bench.work { $0.stateDirectory = bench.directory.path + "/elsewhere" }
  }

  private func expectNewStore(_ bench: StateBench, after old: InspectedPartition) throws {
    #expect(try bench.stored() == bench.fold())
    try bench.expectGaplessVersions()
    let new = try bench.storedFigures()
    #expect(new.incarnation.map { "\($0)" } == (try bench.changelogIncarnation()))
    #expect(new.incarnation != old.incarnation)
  }
}
