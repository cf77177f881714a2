import Foundation
import KafkaClient
import PartitionEngine
import Sequitur
import TestBroker
import Testing

@testable import SequiturWorker

/// What can happen to the commands topic below and above the position: each test shows the damage, then what becomes of
/// it. (The table in docs/state.md names them.)
extension StateTests {
  @Test func `a commands topic that was created again is refused while it is shorter, and when it is longer`()
    async throws
  {
    let bench = try await worked()
    try await bench.recreate([bench.topics.commands])
    // The damage: nothing is left below the position, not even a record that could be missed.
    #expect(try await refusal(bench) == .endsBelow(position: 20, end: 0))
    #expect(bench.log.has("critical the partition is not served"))
    try bench.sendNotes(3, text: "anew")
    #expect(try await refusal(bench) == .endsBelow(position: 20, end: 3))
    let result = try await bench.runProgram()
    #expect(result.exit == .code(1), "\(result.output.standardError)")
    #expect(result.output.standardError.contains("the commands topic ends at 3"))
    try bench.sendNotes(22, text: "anew")
    #expect(try await refusal(bench) == .otherCommand(position: 20, offset: 19))
    #expect(try bench.records(of: bench.topics.valid).count == 20)
    // A new disk makes no difference: the changelog knows.
    try FileManager.default.removeItem(atPath: bench.stateDirectory)
    #expect(try await refusal(bench) == .otherCommand(position: 20, offset: 19))
    let report = try await bench.verify()
    #expect(report.exit == .code(1) && report.output.standardOutput.contains("(other-commands)"))
  }

  @Test func `commands that were deleted before they were processed are refused until that is accepted`()
    async throws
  {
    let bench = try await worked()
    try bench.sendNotes(15, text: "two")
    try bench.deleteCommands(before: 30)
    #expect(try await refusal(bench) == .commandsDeleted(position: 20, logStart: 30))
    let result = try await bench.runProgram()
    #expect(result.exit == .code(1), "\(result.output.standardError)")
    #expect(result.output.standardError.contains("10 offsets were deleted before they were processed"))
    var report = try await bench.verify()
    #expect(report.exit == .code(1) && report.output.standardOutput.contains("(lost-commands)"))

    let snapshot = try await bench.work { $0.input.acceptsLostCommands = true }
    #expect(snapshot.commands == 5)
    #expect(bench.log.has("error the position on the commands topic is moved by the operator's decision"))
    #expect(try bench.lastCheckpoint()?.header("position-moves") == "20>30")
    #expect(try bench.records(of: bench.topics.valid).count == 25)
    // It stays told, also after others.
    try bench.sendNotes(2, text: "three")
    try await bench.work()
    #expect(try bench.lastCheckpoint()?.header("position-moves") == "20>30")
    report = try await bench.verify()
    #expect(report.exit == .code(1))
    #expect(report.output.standardOutput.contains("moved from 20 to 30 by an operator's order"))
    // The order was for what was lost then.
    try bench.sendNotes(5, text: "four")
    try bench.deleteCommands(before: 40)
    #expect(try await refusal(bench) == .commandsDeleted(position: 37, logStart: 40))
  }

  @Test func `an accepted loss is written down also when no command follows`() async throws {
    let bench = try await worked()
    try bench.sendNotes(15, text: "two")
    try bench.deleteCommands(before: 35)
    #expect(try await refusal(bench) == .commandsDeleted(position: 20, logStart: 35))
    try await bench.work { $0.input.acceptsLostCommands = true }
    #expect(try bench.lastCheckpoint()?.header("position-moves") == "20>35")
    #expect(try bench.groupPosition() == 35)
    try await bench.work()
    #expect(try bench.records(of: bench.topics.valid).count == 20)
  }

  @Test(arguments: [1, 10, 19, 20])
  func `commands that were processed may be deleted`(before: Int64) async throws {
    let bench = try await worked()
    try bench.sendNotes(5, text: "two")
    try bench.deleteCommands(before: before)
    try await bench.work()
    #expect(try bench.records(of: bench.topics.valid).count == 25)
    #expect(!bench.log.has("critical"))
    let report = try await bench.verify()
    #expect(report.exit == .code(0), "\(report.output.standardOutput)")
  }

  @Test func `a faithful copy of the commands topic is gone on with, and a shorter one is not`() async throws
  {
    let bench = try await worked()
    let copies = try bench.copies(of: bench.topics.commands)
    try await bench.recreate([bench.topics.commands])
    try bench.send(copies.dropLast(5))
    #expect(try await refusal(bench) == .endsBelow(position: 20, end: 15))
    try bench.send(copies.suffix(5))
    try bench.sendNotes(3, text: "two")
    try await bench.work()
    #expect(try bench.records(of: bench.topics.valid).count == 23)
    #expect(try bench.stored() == bench.fold())
  }

  @Test func `an operator begins at the end of a copy that is too short`() async throws {
    let bench = try await worked()
    let copies = try bench.copies(of: bench.topics.commands)
    try await bench.recreate([bench.topics.commands])
    try bench.send(copies.dropLast(5))
    try await bench.work { $0.input.begin = .end }
    #expect(try bench.lastCheckpoint()?.header("position-moves") == "20>15")
    try bench.sendNotes(3, text: "two")
    try await bench.work()
    #expect(try bench.records(of: bench.topics.valid).count == 23)
    #expect(try bench.stored() == bench.fold())
    try bench.expectGaplessVersions()
  }

  @Test func `an operator begins at the start of a topic that is new`() async throws {
    let bench = try await worked()
    try await bench.recreate([bench.topics.commands])
    try bench.sendNotes(3, text: "anew")
    let result = try await bench.runProgram("--accept-lost-commands")
    #expect(result.exit == .code(1), "it is no order for this: \(result.output.standardError)")
    let snapshot = try await bench.work { $0.input.begin = .start }
    #expect(snapshot.commands == 3)
    #expect(try bench.lastCheckpoint()?.header("position-moves") == "20>0")
    #expect(try bench.groupPosition() == 3)
    // The store stands for position 20 or 3 now; both are gone on with.
    try bench.sendNotes(2, text: "more")
    try await bench.work()
    #expect(try bench.records(of: bench.topics.valid).count == 25)
    #expect(try bench.stored() == bench.fold())
    try bench.expectGaplessVersions()
  }

  @Test func `a checkpoint of an older version is believed, and the next one names its last command`()
    async throws
  {
    let bench = try await worked()
    #expect(try bench.lastCheckpoint()?.header("last-command")?.hasPrefix("19/") == true)
    try bench.forgeChangelog(key: "", value: #"{"format":1,"position":20,"partitions":1}"#)
    try await bench.recreate([bench.topics.commands])
    try bench.sendNotes(25, text: "other")
    // Nothing tells the two apart.
    try await bench.work()
    #expect(try bench.lastCheckpoint()?.header("last-command")?.hasPrefix("24/") == true)
  }

  @Test(.enabled(if: PackageRoot.python != nil))
  func `a group that was set back is not followed, and that is said`() async throws {
    let bench = try await worked()
    try bench.sendNotes(6, text: "two")
    for position in [Int64(5), 0] {
      try bench.setGroupPosition(position)
      // The damage: the group's offsets name commands that have their outcomes.
      #expect(try bench.groupPosition() == position)
      try await bench.work()
      #expect(bench.log.has("warning the group's position is behind the application's and is not followed"))
      #expect(bench.log.has("\"group\": \(position)"), "\(bench.log.lines)")
      #expect(try bench.groupPosition() == (position == 5 ? 26 : 0), "the next commit sets it right")
      #expect(try bench.records(of: bench.topics.valid).count == 26)
    }
    #expect(try bench.records(of: bench.topics.invalid).isEmpty)
  }

  @Test(arguments: [
    (#"{"format":1,"position":1000,"partitions":1}"#, "the commands topic ends at 20"),
    (#"{"format":1,"position":9223372036854775806,"partitions":1}"#, "the commands topic ends at 20"),
    (#"{"format":1,"position":9223372036854775807,"partitions":1}"#, "Expected a checkpoint like"),
  ])
  func `a checkpoint beyond the commands topic's end is not believed`(value: String, reason: String)
    async throws
  {
    let bench = try await worked()
    try bench.forgeChangelog(key: "", value: value)
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work() }
    #expect(refused?.description.contains(reason) == true, "\(String(describing: refused))")
  }

  @Test func `a changelog record with a version that none could follow is refused`() async throws {
    let bench = try await worked()
    try bench.forgeChangelog(key: "key-0", value: "1 x", headers: [("v", "18446744073709551615")])
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work() }
    #expect(refused?.description.contains("its header v is not a version") == true)
    #expect(try bench.records(of: bench.topics.valid).count == 20)
  }

  @Test(arguments: [0, 3, 40])
  func `a commands topic that is created again under a running worker is refused`(count: Int) async throws {
    let bench = try await worked()
    let worker = Task {
      try await bench.work {
        $0.stopsWhenCaughtUp = false
        $0.timeouts.inputInterval = .milliseconds(200)
      }
    }
    defer { worker.cancel() }
    try bench.sendNotes(5, text: "two")
    try await eventually("the worker to be at work") { try bench.groupPosition() == 25 }
    try await bench.recreate([bench.topics.commands])
    // Of all that is sent now nothing is taken for what was processed, or passed over.
    if count > 0 { try bench.sendNotes(count, text: "anew") }
    let refused = await #expect(throws: PartitionRefused.self) { try await worker.value }
    guard case .inputChanged = refused?.fault else {
      Issue.record("refused for another reason: \(String(describing: refused))")
      return
    }
    #expect(bench.log.has("critical the partition is not served"))
    if count < 25 { #expect(try bench.records(of: bench.topics.valid).count == 25) }
  }

  @Test func `an audit finds by itself that the last command is the one the checkpoint names`() async throws {
    let bench = try await worked()
    let report = try await bench.verify()
    #expect(report.exit == .code(0), "\(report.output.standardOutput)")
    #expect(try bench.lastCheckpoint()?.header("last-command")?.hasPrefix("19/") == true)
  }

  // MARK: Helpers

  /// An application that has processed 20 commands.
  private func worked() async throws -> StateBench {
    let bench = try StateBench()
    try await bench.createTopics()
    try bench.sendNotes(20, text: "one")
    try await bench.work()
    return bench
  }

  /// Why a worker does not go on with the commands.
  private func refusal(_ bench: StateBench) async throws -> InputFault? {
    let refused = await #expect(throws: PartitionRefused.self) { try await bench.work() }
    guard case .inputChanged(let fault) = refused?.fault else {
      Issue.record("refused for another reason: \(String(describing: refused))")
      return nil
    }
    return fault
  }
}

/// A record to be sent again as it was.
struct RecordCopy {
  let key, value: [UInt8]
  let timestamp: Int64
}

extension StateBench {
  /// `DeleteRecords` on the commands topic's partition 0.
  func deleteCommands(before offset: Int64) throws {
    try admin().deleteRecords(
      before: [TopicPartitionOffset(topic: topics.commands, partition: 0, offset: offset)],
      timeout: .seconds(10))
    let low = try admin().watermarks(topic: topics.commands, partition: 0, timeout: .seconds(10)).low
    try #require(low == offset)
  }

  /// The newest checkpoint record.
  func lastCheckpoint() throws -> StateRecord? { try records(of: topics.changelog).last { $0.key.isEmpty } }

  /// Writes a record to the changelog that no worker wrote.
  func forgeChangelog(key: String, value: String, headers: [(String, String)] = []) throws {
    let producer = try KafkaProducer(configuration: kafka, logger: log.logger)
    let topic = try producer.topic(topics.changelog)
    var list = HeaderList(capacity: headers.count)
    for header in headers { list.add(name: header.0, value: header.1) }
    let text = Array((key + value).utf8)
    try text.withUnsafeBytes { bytes in
      try producer.produce(
        topic: topic, partition: 0, key: UnsafeRawBufferPointer(rebasing: bytes[..<key.utf8.count]),
        value: UnsafeRawBufferPointer(rebasing: bytes[key.utf8.count...]), headers: list.copy())
    }
    try producer.flush(timeout: .seconds(10))
  }

  /// The records of partition 0 of a topic without headers.
  func copies(of topic: String) throws -> [RecordCopy] {
    let consumer = try KafkaConsumer(
      configuration: kafka.merging(["enable.partition.eof": "true", "auto.offset.reset": "earliest"]),
      logger: log.logger)
    try consumer.assign([TopicPartitionOffset(topic: topic, partition: 0, offset: 0)])
    var batch = MessageBatch(capacity: 100)
    var copies: [RecordCopy] = []
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
      consumer.mainQueue.consumeBatch(into: &batch, timeout: .milliseconds(50))
      for index in 0..<batch.count {
        let message = batch[index]
        if message.isEndOfPartition { return copies }
        if message.isRecord, let key = message.key, let value = message.value {
          copies.append(RecordCopy(key: Array(key), value: Array(value), timestamp: message.timestamp))
        }
      }
    }
    throw RecordsMissing(topic: topic, partition: 0, found: copies.count)
  }

  func send(_ copies: some Sequence<RecordCopy>) throws {
    let producer = try KafkaProducer(configuration: kafka, logger: log.logger)
    let topic = try producer.topic(topics.commands)
    for copy in copies {
      try copy.key.withUnsafeBytes { key in
        try copy.value.withUnsafeBytes { value in
          try producer.produce(topic: topic, partition: 0, key: key, value: value, timestamp: copy.timestamp)
        }
      }
    }
    try producer.flush(timeout: .seconds(30))
  }

  /// Runs `sequitur verify` on this bench's topics.
  func verify() async throws -> ProgramResult {
    try await RunningProgram.run(
      BuiltProgram.find("sequitur"),
      arguments: [
        "verify", "--bootstrap-servers", kafka["bootstrap.servers"]!, "--application-id", name,
        "--commands-topic", topics.commands, "--valid-topic", topics.valid, "--invalid-topic", topics.invalid,
        "--changelog-topic", topics.changelog, "--allow-pending",
      ])
  }
}
