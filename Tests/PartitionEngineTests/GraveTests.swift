import Sequitur
import Testing

@testable import PartitionEngine

/// A command that comes again after its object was forgotten.
@Suite struct GraveTests {
  private static let create = TestCommand("set", "x", id: "create")
  private static let forget = TestCommand("forget", id: "forget")

  /// Made by `create` as version 1, changed twice, forgotten by `forget` as version 4.
  private func forgotten(_ limits: (inout Limits) -> Void = { _ in }) throws -> TestPartition {
    let partition = TestPartition(limits: limits)
    for command in [
      Self.create, TestCommand("append", "y"), TestCommand("append", "z", id: "z"), Self.forget,
    ] {
      #expect(try partition.code(command) == nil)
    }
    return partition
  }

  private func expectKnown(_ partition: TestPartition, at time: Int64 = 1_000) throws {
    for (type, id, version) in [("set", "create", "1"), ("append", "z", "3"), ("forget", "forget", "4")] {
      #expect(try partition.code(TestCommand(type, "x", id: id, at: time)) == "duplicate")
      #expect(partition.last["original-version"] == version)
      #expect(partition.last["object-version"] == "0")
    }
  }

  // MARK: Where a grave is

  @Test func `a repetition is known in the open and the sealed transaction, in memory and in the store`()
    throws
  {
    let partition = try forgotten()
    try expectKnown(partition)
    _ = partition.processor.seal(into: &partition.output)
    partition.output.removeAll()
    try expectKnown(partition)
    partition.processor.commit(checkpointOffset: 5)
    try expectKnown(partition)
    partition.commit()
    partition.drain()
    let successor = TestPartition(store: partition.store, position: partition.processor.positionCommitted)
    try expectKnown(successor)
    #expect(successor.store.reads > 0)
  }

  @Test func `a repetition is known after a restore from nothing but the changelog`() throws {
    let partition = try forgotten()
    let store = TestStore()
    for record in partition.commit() where record.topic == .changelog && !record.isCheckpoint {
      let (content, object) = try decode(record)
      #expect(content == .grave)
      store.records[record.key] = object
    }
    partition.drain()
    #expect(store.records == partition.store.records)
    try expectKnown(TestPartition(store: store, position: 4))
  }

  @Test func `the tombstone names the last version, the ids and the time`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("set", "x", id: "a", at: 5_000))
    try partition.process(TestCommand("forget", at: -7))
    let record = try #require(partition.commit().first { $0.topic == .changelog })
    #expect(record.value == nil)
    #expect(record.headers.map(\.name) == ["v", "ids", "t"])
    #expect(record["v"] == "2" && record["t"] == "-7")
    #expect(record.headers[1].value?.count == ObjectRecord.commandIDBytes)
  }

  // MARK: What it does

  @Test func `an object that is made anew begins at version 1, with ids of its own`() throws {
    let partition = try forgotten()
    #expect(try partition.code(TestCommand("set", "new", id: "other", expect: "none")) == nil)
    #expect(partition.last["ce_sequence"] == "1")
    #expect(try #require(try partition.object("k")) == (1, "new"))
    #expect(try partition.code(TestCommand("set", "new", id: "other")) == "duplicate")
    let record = try #require(partition.commit().last { $0.topic == .changelog && !$0.isCheckpoint })
    #expect(try decode(record).0 == .object)
    #expect(record.headers.first { $0.name == "ids" }?.value?.count == ObjectRecord.commandIDBytes)
  }

  @Test func `an object that does not exist has version 0 for whoever expects one`() throws {
    let partition = try forgotten()
    for (expected, code) in [
      ("exists", "version-conflict"), ("4", "version-conflict"), ("1", "version-conflict"),
    ] {
      #expect(try partition.code(TestCommand("set", "x", id: "new", expect: expected)) == code)
      #expect(partition.last["object-version"] == "0")
    }
    #expect(try partition.code(TestCommand("append", "x", id: "create", expect: "exists")) == "duplicate")
    #expect(try partition.code(TestCommand("forget", id: "again")) == "not-found")
    #expect(try partition.code(TestCommand("malformed")) == "malformed")
    #expect(partition.last["object-version"] == "0")
    // None of them has taken the ids away.
    try expectKnown(partition)
  }

  @Test(
    arguments: [
      (0, true), (999, true), (1_000, false), (1_001, false), (-5, true), (Int64.max - 1_000, false),
    ] as [(Int64, Bool)])
  func `a grave is over after its time, by the commands' clock`(age: Int64, isKnown: Bool) throws {
    let partition = try forgotten { $0.forgetAfter = .seconds(1) }
    let again = TestCommand("set", "x", id: "create", at: 1_000 + age)
    #expect(try partition.code(again) == (isKnown ? "duplicate" : nil))
    guard !isKnown else { return }
    #expect(partition.last["ce_sequence"] == "1")
    #expect(try partition.code(again) == "duplicate")
  }

  @Test func `a time beyond all clocks neither traps nor keeps a grave for ever`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("set", "x", id: "a", at: .min))
    try partition.process(TestCommand("forget", at: .min))
    #expect(try partition.code(TestCommand("set", "x", id: "a", at: .max)) == nil)
    try partition.process(TestCommand("forget", at: .max))
    #expect(try partition.code(TestCommand("set", "x", id: "a", at: .min)) == "duplicate")
  }

  // MARK: What is not kept

  @Test func `nothing is kept where no id can come again`() throws {
    let withoutIDs = TestPartition()
    try withoutIDs.process(TestCommand("set", "x"))
    try withoutIDs.process(TestCommand("forget"))
    let none = try forgotten { $0.recentCommandIDsMax = 0 }
    let notAtAll = try forgotten { $0.forgetAfter = .zero }
    for partition in [withoutIDs, none, notAtAll] {
      #expect(try partition.code(TestCommand("set", "x", id: "create")) == nil)
      try partition.process(TestCommand("forget", id: nil))
    }
    let partition = TestPartition()
    try partition.process(TestCommand("set", "x"))
    try partition.process(TestCommand("forget"))
    let record = try #require(partition.commit().first { $0.topic == .changelog })
    #expect(record.value == nil && record.headers.isEmpty)
  }

  @Test func `an object that comes and goes in one command leaves no ids of its former life`() throws {
    let partition = TestPartition()
    for number in 0..<5 { try partition.process(TestCommand("append", "x", id: "\(number)")) }
    try partition.process(TestCommand("recreate", "y", id: "again"))
    let record = try #require(partition.commit().first { $0.topic == .changelog })
    // An id that made a version above the object's would make the record unreadable for every restore.
    #expect(try decode(record).0 == .object)
    #expect(try partition.code(TestCommand("recreate", "y", id: "again")) == "duplicate")
    #expect(try partition.code(TestCommand("append", "x", id: "4")) == nil)
  }

  @Test func `forgetting never fails for want of room for the ids`() throws {
    let partition = TestPartition {
      $0.recentCommandIDsMax = 255
      $0.recordBytesMax = 1_024
    }
    var made = 0
    while try partition.code(TestCommand("append", "", id: "\(made)")) == nil { made += 1 }
    #expect(made > 10)
    try partition.process(TestCommand("set", "", id: nil))
    #expect(try partition.code(TestCommand("forget", id: "forget")) == nil)
    #expect(try partition.code(TestCommand("set", "x", id: "forget")) == "duplicate")
    #expect(try partition.code(TestCommand("set", "x", id: "\(made - 1)")) == "duplicate")
    let record = try #require(partition.commit().first { $0.topic == .changelog })
    #expect(try decode(record).0 == .grave)
  }

  // MARK: Bad bytes

  @Test func `a tombstone that Sequitur did not write is a fault, an old one is none`() throws {
    let partition = try forgotten()
    let record = try #require(partition.commit().first { $0.topic == .changelog })
    for (name, value) in [
      ("t", "now"), ("t", ""), ("v", "0"), ("v", "x"), ("v", "3"), ("ids", "x"), ("t", "9223372036854775808"),
    ] {
      var headers = record.headers
      headers.append(ProducedRecord.Header(name: name, value: Array(value.utf8)))
      #expect(throws: ChangelogRecord.Fault.self, "\(name)=\(value)") { try decode(record, headers) }
    }
    #expect(try decode(record, []).0 == .forgotten)
    #expect(try decode(record, record.headers.filter { $0.name != "t" }).0 == .forgotten)
  }

  @Test func `damaged graves are found`() throws {
    let partition = try forgotten()
    partition.commit()
    partition.drain()
    let grave = try #require(partition.store.records.values.first)
    #expect(grave.withUnsafeBytes { ObjectRecord.isWellFormed($0) && ObjectRecord.isGrave($0) })
    var cases: [[UInt8]] = [Array(grave.dropLast()), grave + [0], Array(grave.prefix(11))]
    for (index, value) in [(0, 1), (8, 0), (8, 200), (9, 1), (grave.count - 16, 0)] as [(Int, UInt8)] {
      var damaged = grave
      damaged[index] = value
      cases.append(damaged)
    }
    for damaged in cases {
      #expect(!damaged.withUnsafeBytes { ObjectRecord.isWellFormed($0) && ObjectRecord.isGrave($0) })
    }
  }

  /// The content of a record, and what it decodes to.
  private func decode(
    _ record: ProducedRecord, _ headers: [ProducedRecord.Header]? = nil
  ) throws -> (ChangelogRecord.Content, [UInt8]) {
    var command = TestCommand(nil, nil, headers: [])
    command.headers = (headers ?? record.headers).map { ($0.name, $0.value) }
    var object = ByteWriter()
    let content = try command.withRecord(at: 0) { view in
      try record.key.withUnsafeBytes { key in
        try (record.value ?? []).withUnsafeBytes { value in
          try ChangelogRecord.decode(
            key: key, value: record.value == nil ? nil : value, headers: view.unsafeHeaders, into: &object)
        }
      }
    }
    return (content, array(object.bytes))
  }
}
