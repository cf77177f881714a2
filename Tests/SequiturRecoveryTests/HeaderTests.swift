import Foundation
import PartitionEngine
import Sequitur
import SequiturTopics
import Testing

@testable import SequiturWorker

struct StoreHeaderTests {
  private func header() -> StoreHeader {
    StoreHeader(
      applicationID: "bank", clusterID: "c1", commandsTopic: "commands", changelogTopic: "bank-changelog",
      partitions: 4, schemaVersion: 2)
  }

  private func judge(_ change: (inout StoreHeader) -> Void) -> StoreHeader.Verdict {
    var found = header()
    change(&found)
    return StoreHeader.judge(found: found, expected: header(), path: "/s")
  }

  @Test func `a store of our own is kept`() {
    #expect(judge { _ in } == .keep(update: false))
    #expect(judge { $0.schemaVersion = 1 } == .keep(update: true))
    #expect(judge { $0.clusterID = nil } == .keep(update: true))
  }

  @Test func `a store of another cluster is rebuilt`() {
    guard case .rebuild = judge({ $0.clusterID = "c0" }) else {
      Issue.record("another cluster's store was not rebuilt")
      return
    }
  }

  @Test func `a store of something else is refused, with the way out`() {
    #expect(
      judge { $0.applicationID = "shop" }
        == .refuse(.otherApplication(path: "/s", expected: "bank", found: "shop")))
    #expect(
      judge { $0.commandsTopic = "orders" }
        == .refuse(.otherTopic(path: "/s", expected: "commands", found: "orders")))
    #expect(
      judge { $0.partitions = 8 } == .refuse(.partitionCountChanged(path: "/s", expected: 8, found: 4)))
    #expect(judge { $0.schemaVersion = 3 } == .refuse(.newerSchema(path: "/s", known: 2, found: 3)))
    #expect(judge { $0.format = 9 } == .refuse(.newerFormat(path: "/s", found: 9)))
    #expect(
      "\(StoreHeaderFault.partitionCountChanged(path: "/s", expected: 8, found: 4))".contains("Go back"))
  }

  /// Values of Kafka's own test, `UtilsTest.testMurmur2`.
  @Test func `a key is looked for where the Java client put it`() {
    let known: [(String, Int32)] = [
      ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
      ("a-little-bit-longer-string", -1_486_304_829),
      ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
    ]
    for (text, hash) in known { #expect(Int32(bitPattern: Murmur2.hash(Array(text.utf8))) == hash) }
  }
}

extension StateTests {
  @Test func `another application's directory is refused and stays as it is`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(5, text: "kept")
    try await bench.work()
    let before = try bench.stored()
    await #expect(throws: WorkerStartFault.self) { try await bench.work { $0.applicationID = "other" } }
    #expect(try bench.stored() == before && before.count == 5)
    let fault = await #expect(throws: WorkerStartFault.self) {
      try await bench.work {
        $0.topics.changelog = bench.topics.changelog + "-2"; $0.topicCreation = TopicShape(partitions: 1)
      }
    }
    #expect(fault?.description.contains("was written for the topic") == true)
  }

  @Test func `objects of an older schema are migrated when they are read`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(3, text: "one")
    try await bench.work()
    #expect(try bench.stored()["key-0"] == "1 one")
    try bench.send([("key-0", "two")])
    try await bench.work(schemaVersion: 2)
    // The object that was changed is written anew, the others wait.
    let stored = try bench.stored()
    #expect(stored["key-0"] == "n2:2 two" && stored["key-1"] == "1 one")
    // From nothing, too: the changelog says which record has which schema.
    try FileManager.default.removeItem(atPath: bench.stateDirectory)
    try bench.send([("key-1", "two")])
    try await bench.work(schemaVersion: 2)
    #expect(try bench.stored()["key-1"] == "n2:2 two")
    #expect(try bench.stored()["key-2"] == "1 one")
    try bench.expectGaplessVersions()
    // An older decider must not read what a newer one wrote: not in the store, not on the changelog.
    await #expect(throws: WorkerStartFault.self) { try await bench.work(schemaVersion: 1) }
    try FileManager.default.removeItem(atPath: bench.stateDirectory)
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work(schemaVersion: 1) }
    guard case .newerSchema(_, 2, 1) = refused?.fault else {
      Issue.record("\(String(describing: refused))")
      return
    }
  }

  @Test func `a changed partition count is refused with the way out`() async throws {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(2, text: "one")
    try await bench.work()
    let admin = try bench.admin()
    for topic in bench.topics.all {
      try bench.unlessTestBrokerCannot {
        try admin.createPartitions(topic: topic, total: 2, timeout: .seconds(10))
      }
    }
    let fault = await #expect(throws: WorkerStartFault.self) { try await bench.work() }
    #expect(fault?.description.contains("Go back to 1 partition,") == true, "\(String(describing: fault))")
  }
}
