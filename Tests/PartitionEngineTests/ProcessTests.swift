import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct ProcessTests {
  private func versions(_ records: [ProducedRecord]) -> [String?] {
    records.filter { $0.topic == .valid }.map { $0["ce_sequence"] }
  }

  @Test func `versions are 1, 2, 3 without a gap, over commands with several events and rejections`() throws {
    let partition = TestPartition()
    for command in [
      TestCommand("set", "a"), TestCommand("many", "3"), TestCommand("refuse"), TestCommand("append", "b"),
      TestCommand("fail"), TestCommand("many", "1"),
    ] { try partition.process(command) }
    #expect(versions(partition.records) == ["1", "2", "3", "4", "5", "6"])
    #expect(
      partition.records.filter { $0.topic == .valid }.map(\.valueText) == ["a", "0", "1", "2", "b", "0"])
    #expect(try #require(try partition.object("k")) == (6, "a012b0"))
  }

  @Test func `a forgotten object begins again at version 1`() throws {
    let partition = TestPartition()
    for command in [
      TestCommand("set", "a", id: "1"), TestCommand("append", "b"), TestCommand("forget"),
      TestCommand("forget"), TestCommand("set", "c", id: "2", expect: "none"),
    ] { try partition.process(command) }
    #expect(versions(partition.records) == ["1", "2", "3", "1"])
    #expect(try #require(try partition.object("k")) == (1, "c"))
  }

  @Test func `one command may forget and make anew`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("set", "a"))
    try partition.process(TestCommand("recreate", "b"))
    #expect(versions(partition.records) == ["1", "2", "1", "2"])
    #expect(try #require(try partition.object("k")) == (2, "b!"))
  }

  @Test func `events of one command are numbered`() throws {
    let partition = TestPartition(position: 40)
    try partition.process(TestCommand("many", "3"))
    #expect(
      partition.records.map { $0["ce_id"] } == ["commands/3/40/0", "commands/3/40/1", "commands/3/40/2"])
  }

  @Test(arguments: [
    ("bigEvent", "1000", "too-large"), ("bigState", "1000", "too-large"), ("fail", "", "decider-error"),
    ("nothing", "", "decider-error"), ("many", "0", "decider-error"), ("set", "unencodable", "decider-error"),
    ("set", "unencodable event", "decider-error"), ("refuse", "", "x-refused"),
  ])
  func `what cannot be done leaves its rejection and nothing else`(
    type: String, payload: String, code: String
  ) throws {
    let partition = TestPartition { $0.recordBytesMax = 1000 }
    try partition.process(TestCommand("set", "a", id: "first"))
    let staged = partition.openByteCount
    #expect(try partition.code(TestCommand(type, payload, id: "second")) == code)
    #expect(partition.records.map(\.topic) == [.valid, .invalid])
    #expect(partition.last["object-version"] == "1")
    #expect(partition.openByteCount == staged)
    #expect(try #require(try partition.object("k")) == (1, "a"))
    #expect(try partition.code(TestCommand("append", "b", id: "second")) == nil)
    #expect(try #require(try partition.object("k")) == (2, "ab"))
  }

  @Test func `events that together do not fit a transaction are too large`() throws {
    let partition = TestPartition { $0.transactionBytesMax = 10_000 }
    #expect(try partition.code(TestCommand("flood", "20")) == "too-large")
    #expect(partition.records.map(\.topic) == [.invalid])
    #expect(try partition.code(TestCommand("flood", "5")) == nil)
    #expect(try partition.code(TestCommand("flood", "5")) == nil, "what other commands wrote does not count")
  }

  @Test func `a state that the decider cannot read is its error`() throws {
    let partition = TestPartition()
    partition.store.records[Array("k".utf8)] = objectRecord(version: 4, state: "unreadable")
    #expect(try partition.code(TestCommand("append", "x")) == "decider-error")
    #expect(partition.last["object-version"] == "4")
    #expect(partition.last["rejection-reason"]?.contains("no such state") == true)
  }

  @Test(arguments: [[], [1, 2, 3], [1, 0, 0, 0, 0, 0, 0, 0, 2, 1]] as [[UInt8]])
  func `damage in the store is the store's fault, and never the command's`(bytes: [UInt8]) throws {
    let partition = TestPartition()
    partition.store.records[Array("k".utf8)] = bytes
    #expect(throws: StoreFault.self) { try partition.process(TestCommand("append", "x")) }
    #expect(partition.position == 0)
  }

  @Test func `a store that fails changes nothing, and the same command can be given again`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("set", "a", key: "other"))
    let before = (partition.records, partition.position, partition.openByteCount)
    partition.store.isFailing = true
    for _ in 0..<3 {
      #expect(throws: StoreFault.self) { try partition.process(TestCommand("append", "x")) }
      #expect(partition.records == before.0)
      #expect(partition.position == before.1)
      #expect(partition.openByteCount == before.2)
    }
    partition.store.isFailing = false
    #expect(try partition.process(TestCommand("append", "x")) == .accepted)
    #expect(partition.records.count == before.0.count + 1)
  }

  @Test func `commands below the position are skipped, and gaps of offsets are not minded`() throws {
    let partition = TestPartition(position: 10)
    for offset: Int64 in [0, 9] {
      partition.end = offset
      #expect(try partition.process(TestCommand("set", "a")) == .skipped)
    }
    #expect(partition.records.isEmpty)
    #expect(!partition.hasOpenCommands)
    partition.end = 17
    #expect(try partition.process(TestCommand("set", "a")) == .accepted)
    #expect(partition.position == 18)
    partition.end = 17
    #expect(try partition.process(TestCommand("set", "a")) == .skipped)
  }

  @Test func `a transaction with rejections only has a checkpoint and no object`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("refuse"))
    #expect(partition.commit().map(\.topic) == [.invalid, .changelog])
  }
}
