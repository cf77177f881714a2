import Foundation
import KafkaClient
import RocksDB
import SequiturWorker
import TestBroker
import Testing
import WorkerEventLog

extension SequiturWorkerTests {
  @Suite(.enabled(if: TestBroker.isAvailable)) struct RestoreTests {
    @Test func `a store that was deleted is rebuilt from the changelog, object by object`() async throws {
      let application = try await Application(partitions: 2)
      try await run(application, Self.load(0..<200))
      let before = try await application.storedObjects()
      #expect(before.count == 200)
      try FileManager.default.removeItem(at: application.stateDirectory("one"))
      try await run(application, [])
      #expect(try await application.storedObjects() == before)
      try await run(application, Self.amendments(0..<200))
      try await expectNoFault(application)
    }

    @Test func `without the group's offsets the checkpoint takes over, and nothing is processed twice`()
      async throws
    {
      let application = try await Application(partitions: 2)
      try await run(application, Self.load(0..<100))
      try await application.deleteGroupOffsets()
      #expect(try await application.positions().isEmpty)
      let worker = try await run(application, Self.amendments(0..<100))
      let starts = worker.events.all.compactMap(\.servingPosition)
      #expect(starts.count == 2 && starts.allSatisfy { $0 > 0 })
      try await expectNoFault(application)
    }

    @Test func `without offsets and store, the changelog alone says where to go on`() async throws {
      let application = try await Application(partitions: 2)
      try await run(application, Self.load(0..<100))
      try await application.deleteGroupOffsets()
      try FileManager.default.removeItem(at: application.stateDirectory("one"))
      try await run(application, Self.amendments(0..<100))
      try await expectNoFault(application)
    }

    @Test func `a changelog that was deleted and created again is refused, whatever the store holds`()
      async throws
    {
      let application = try await Application()
      try await run(application, Self.load(0..<50))
      try await application.delete([application.topics.changelog])
      try await application.create([application.topics.changelog])
      let refusal = try await refusal(application)
      #expect(refusal.description.contains("at position 5"))
      #expect(refusal.description.contains("states are lost"))
      guard case .changelogLost(checkpoint: nil, groupPosition: _) = refusal.fault else {
        Issue.record("refused for another reason: \(refusal)")
        return
      }
      // Neither is anything served when the worker tries again, now that its store is empty.
      #expect(try await self.refusal(application).description.contains("states are lost"))
      #expect(try await application.read(application.topics.valid).count == 50)
    }

    @Test(.enabled(if: PackageRoot.python != nil))
    func `a group that is ahead of the checkpoint is refused, and what is lost is said`() async throws {
      let application = try await Application()
      try await run(application, Self.load(0..<50))
      try await application.submit(Self.amendments(0..<6))
      try await application.setGroupPosition(56)
      let refusal = try await refusal(application)
      guard case .changelogLost(checkpoint: 50, groupPosition: 56) = refusal.fault else {
        Issue.record("refused for another reason: \(refusal)")
        return
      }
      #expect(refusal.description.contains("6 commands"))
      #expect(try await application.read(application.topics.valid).count == 50)
    }

    @Test(.enabled(if: PackageRoot.python != nil))
    func `a changelog whose beginning was deleted is refused when the store needs it`() async throws {
      let application = try await Application()
      try await run(application, Self.load(0..<50))
      try await application.truncateChangelog()
      // The store holds all of it: nothing is missing.
      try await run(application, Self.amendments(0..<10))
      try FileManager.default.removeItem(at: application.stateDirectory("one"))
      guard case .changelogTruncated = try await refusal(application).fault else {
        Issue.record("refused for another reason")
        return
      }
    }

    @Test func `a changelog record that cannot be read is refused by its offset`() async throws {
      let application = try await Application()
      try await run(application, Self.load(0..<5))
      let offset = try await application.ends(application.topics.changelog)[0]!
      try await application.submit(
        [Command(key: Array("order-0".utf8), payload: [], partition: 0)], to: application.topics.changelog)
      guard case .unreadableRecord(offset: offset, _) = try await refusal(application).fault else {
        Issue.record("refused for another reason")
        return
      }
    }

    @Test func `a worker that waits for its catching up ends when one of its partitions is refused`()
      async throws
    {
      let application = try await Application(partitions: 2)
      try await run(application, Self.load(0..<20))
      try await application.delete([application.topics.changelog])
      try await application.create([application.topics.changelog])
      try await application.submit(Self.amendments(0..<20))
      // Partition 0 gets a checkpoint that agrees with the group, so that only partition 1 is refused.
      let position = try #require(try await application.positions()[0])
      let checkpoint = #"{"format":1,"position":\#(position),"partitions":2}"#
      try await application.submit(
        [Command(key: [], payload: Array(checkpoint.utf8), partition: 0)], to: application.topics.changelog)
      try FileManager.default.removeItem(at: application.stateDirectory("one"))
      #expect(try await refusal(application).partition == 1)
    }

    @Test func `a second worker on a state directory is refused, and the first goes on`() async throws {
      let application = try await Application()
      let first = WorkerInProcess(application.configuration())
      try await application.submit(.create("a"))
      try await application.caughtUp()
      let second = WorkerInProcess(application.configuration())
      let error = await #expect(throws: WorkerStartFault.self) { try await second.ended() }
      #expect(error?.description.contains("another one uses it") == true)
      try await application.submit(.amend("a", total: 2))
      try await application.caughtUp()
      try await first.stop()
      try await expectNoFault(application)
    }

    @Test func `a state directory that cannot be written is a fault with its cure`() async throws {
      let application = try await Application()
      let file = application.folder.appending(path: "file")
      try Data().write(to: file)
      for path in [file.appending(path: "state").path, "/proc/sequitur-state"] {
        var configuration = application.configuration()
        configuration.stateDirectory = path
        let error = await #expect(throws: WorkerStartFault.self) {
          try await WorkerInProcess(configuration).ended()
        }
        #expect(error?.description.contains("--state-dir") == true, "\(String(describing: error))")
      }
    }

    @Test(arguments: Damage.allCases)
    func `a damaged store is set aside and rebuilt from the changelog`(damage: Damage) async throws {
      let application = try await Application()
      try await run(application, Self.load(0..<500))
      let before = try await application.storedObjects()
      try damage.apply(to: application.stateDirectory("one").appending(path: "store"))
      let worker = try await run(application, Self.load(500..<510))
      #expect(worker.log.lines.contains { $0.level == .error && $0.message.contains("set aside") })
      let names = try FileManager.default.contentsOfDirectory(atPath: application.stateDirectory("one").path)
      #expect(names.contains { $0.hasPrefix("store.damaged-") })
      let after = try await application.storedObjects()
      #expect(after.count == 510 && before.allSatisfy { after[$0.key] == $0.value })
      try await run(application, Self.amendments(0..<500))
      try await expectNoFault(application)
    }

    @Test func `a store damaged inside a table is rebuilt when the damage is met`() async throws {
      let application = try await Application()
      try await run(application, Self.load(0..<2000))
      try Damage.overwriteTable(in: application.stateDirectory("one").appending(path: "store"))
      try await run(application, Self.amendments(0..<2000))
      try await expectNoFault(application)
      #expect(try await application.storedObjects().count == 2000)
    }

    // MARK: Helpers

    static func load(_ range: Range<Int>) -> [Command] { range.map { .create("order-\($0)", total: $0) } }

    static func amendments(_ range: Range<Int>) -> [Command] {
      range.map { .amend("order-\($0)", total: $0 + 7) }
    }

    @discardableResult
    private func run(_ application: Application, _ commands: [Command]) async throws -> WorkerInProcess {
      try await application.submit(commands)
      return try await WorkerInProcess.runUntilCaughtUp(application.configuration())
    }

    /// Why a worker refuses to serve.
    private func refusal(_ application: Application) async throws -> PartitionRefused {
      try #require(
        await #expect(throws: PartitionRefused.self) {
          try await WorkerInProcess.runUntilCaughtUp(application.configuration())
        })
    }
  }
}

/// What may happen to the files of a store.
enum Damage: CaseIterable {
  case missingManifest
  case missingCurrent
  case truncatedTable
  case missingTable

  func apply(to store: URL) throws {
    switch self {
    case .missingManifest:
      try FileManager.default.removeItem(at: Self.file(in: store) { $0.hasPrefix("MANIFEST-") })
    case .missingCurrent: try FileManager.default.removeItem(at: store.appending(path: "CURRENT"))
    case .missingTable: try FileManager.default.removeItem(at: Self.table(in: store))
    case .truncatedTable:
      try Data(Data(contentsOf: Self.table(in: store)).dropLast(50)).write(to: Self.table(in: store))
    }
  }

  /// Overwrites data blocks, which nothing reads before they are asked for.
  static func overwriteTable(in store: URL) throws {
    let table = try table(in: store)
    var data = try Data(contentsOf: table)
    let middle = data.count / 4
    data.replaceSubrange(middle..<middle + 64, with: [UInt8](repeating: 0xa5, count: 64))
    try data.write(to: table)
  }

  private static func table(in store: URL) throws -> URL { try file(in: store) { $0.hasSuffix(".sst") } }

  /// The largest file of the kind.
  private static func file(in store: URL, _ isWanted: (String) -> Bool) throws -> URL {
    let files = try FileManager.default.contentsOfDirectory(atPath: store.path).filter(isWanted)
      .map { store.appending(path: $0) }
    let sizes = try files.map { try Data(contentsOf: $0).count }
    guard let largest = zip(files, sizes).max(by: { $0.1 < $1.1 }) else { throw CocoaError(.fileNoSuchFile) }
    return largest.0
  }
}

extension Application {
  /// Deletes the group's offsets, as a broker does after a week without members.
  func deleteGroupOffsets() async throws {
    let all = (0..<Int32(partitions)).map { TopicPartition(topic: topics.commands, partition: $0) }
    try await eventually("the group's offsets to be deleted", within: .seconds(30)) {
      try await onThread { [self] in
        do throws(KafkaError) {
          try admin.deleteConsumerGroupOffsets(group: name, partitions: all, timeout: .seconds(10))
          return true
        } catch {
          // A static member stays in its group until its session ends.
          guard error.code.name == "GROUP_SUBSCRIBED_TO_TOPIC" else { throw error }
          return false
        }
      }
    }
  }

  /// Commits a position of partition 0 for the group. In a transaction, since a static member stays in its group until
  /// its session ends, and keeps others from committing in another way.
  func setGroupPosition(_ position: Int64) async throws {
    let script = """
      import sys
      from confluent_kafka import Consumer, Producer, TopicPartition
      consumer = Consumer({'bootstrap.servers': sys.argv[1], 'group.id': sys.argv[2]})
      producer = Producer({'bootstrap.servers': sys.argv[1], 'transactional.id': sys.argv[2] + '-reset'})
      producer.init_transactions()
      producer.begin_transaction()
      offsets = [TopicPartition(sys.argv[3], 0, int(sys.argv[4]))]
      producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata())
      producer.commit_transaction()
      """
    let result = try await RunningProgram.run(
      try #require(PackageRoot.python).path,
      arguments: ["-c", script, bootstrap, name, topics.commands, "\(position)"])
    try #require(result.exit == .code(0), "\(result.standardError)")
    try await eventually("the group's position to be set") { try await positions()[0] == position }
  }

  /// Deletes all but the last records of partition 0 of the changelog. Brokers refuse that of a compacted topic, so
  /// it is not compacted meanwhile; KafkaAdmin cannot change that.
  func truncateChangelog() async throws {
    let script = """
      import sys
      from confluent_kafka import TopicPartition
      from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
      admin, topic, offset = AdminClient({'bootstrap.servers': sys.argv[1]}), sys.argv[2], int(sys.argv[3])
      def set_policy(policy):
          entry = ConfigEntry('cleanup.policy', policy, incremental_operation=AlterConfigOpType.SET)
          resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
          for future in admin.incremental_alter_configs([resource]).values():
              future.result()
      set_policy('delete')
      for future in admin.delete_records([TopicPartition(topic, 0, offset)]).values():
          future.result()
      set_policy('compact')
      """
    let end = try #require(try await ends(topics.changelog)[0])
    let result = try await RunningProgram.run(
      try #require(PackageRoot.python).path,
      arguments: ["-c", script, bootstrap, topics.changelog, "\(end - 2)"])
    try #require(result.exit == .code(0), "\(result.standardError)")
  }

  /// All objects in a worker's store, by key, positions aside. The worker must have ended.
  func storedObjects(_ instance: String = "one") async throws -> [[UInt8]: [UInt8]] {
    try await onThread { [self] in
      let database = try Database(path: stateDirectory(instance).appending(path: "store").path)
      defer { database.close() }
      var objects: [[UInt8]: [UInt8]] = [:]
      for name in database.columnFamilyNames where name.hasPrefix("partition-") {
        guard let family = database.columnFamily(named: name) else { continue }
        var entries = try database.iterator(in: family)
        try entries.seekToFirst()
        while entries.isValid {
          let (key, value) = entries.withEntry { (Array($0), Array($1)) }
          if !key.isEmpty { objects[key] = value }
          try entries.next()
        }
      }
      return objects
    }
  }
}

/// Nothing on the topics contradicts the guarantees.
@discardableResult
func expectNoFault(_ application: Application) async throws -> Audit {
  let audit = try await Audit(of: application)
  #expect(audit.faults.prefix(5).isEmpty)
  return audit
}
