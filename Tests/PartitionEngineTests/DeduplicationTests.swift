import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct DeduplicationTests {
  @Test func `a known id changes nothing and names the version it made`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("many", "3", id: "a"))
    try partition.process(TestCommand("append", "x", id: "b"))
    #expect(try partition.code(TestCommand("append", "y", id: "a")) == "duplicate")
    #expect(partition.last["original-version"] == "3")
    #expect(partition.last["object-version"] == "4")
    #expect(try #require(try partition.object("k")) == (4, "012x"))
  }

  @Test(arguments: [0, 1, 3, 8, 255])
  func `the last N ids are known, and the oldest is dropped`(count: Int) throws {
    let partition = TestPartition { $0.recentCommandIDsMax = count }
    for number in 0...count { #expect(try partition.code(TestCommand("set", "x", id: "\(number)")) == nil) }
    for number in stride(from: count, to: 0, by: -1) {
      #expect(try partition.code(TestCommand("set", "x", id: "\(number)")) == "duplicate")
    }
    #expect(try partition.code(TestCommand("set", "x", id: "0")) == nil)
  }

  @Test func `commands without an id, or with an empty one, drop none`() throws {
    let partition = TestPartition { $0.recentCommandIDsMax = 1 }
    try partition.process(TestCommand("set", "x", id: "a"))
    for _ in 0..<5 { #expect(try partition.code(TestCommand("set", "x")) == nil) }
    for _ in 0..<5 { #expect(try partition.code(TestCommand("set", "x", id: "")) == nil) }
    #expect(try partition.code(TestCommand("set", "x", id: "a")) == "duplicate")
  }

  @Test func `a rejected command may be tried again with the same id`() throws {
    let partition = TestPartition()
    #expect(try partition.code(TestCommand("forget", id: "a")) == "not-found")
    #expect(try partition.code(TestCommand("forget", id: "a")) == "not-found")
    #expect(try partition.code(TestCommand("set", "x", id: "a")) == nil)
    #expect(try partition.code(TestCommand("set", "x", id: "a")) == "duplicate")
  }

  @Test func `ids belong to their object`() throws {
    let partition = TestPartition()
    #expect(try partition.code(TestCommand("set", "x", key: "k", id: "a")) == nil)
    #expect(try partition.code(TestCommand("set", "x", key: "l", id: "a")) == nil)
    #expect(try partition.code(TestCommand("set", "x", key: "k", id: "b")) == nil)
    #expect(try partition.code(TestCommand("set", "x", key: "l", id: "b")) == nil)
    #expect(try partition.code(TestCommand("set", "x", key: "l", id: "a")) == "duplicate")
  }

  @Test func `ids are known in the open and the sealed transaction, in memory and in the store`() throws {
    let partition = TestPartition()
    let again = TestCommand("set", "x", id: "a")
    try partition.process(again)
    #expect(try partition.code(again) == "duplicate")
    _ = partition.processor.seal(into: &partition.output)
    partition.output.removeAll()
    #expect(try partition.code(again) == "duplicate")
    partition.processor.commit(checkpointOffset: 5)
    #expect(try partition.code(again) == "duplicate")
    partition.commit()
    partition.drain()
    let successor = TestPartition(store: partition.store, position: partition.processor.positionCommitted)
    #expect(try successor.code(again) == "duplicate")
    #expect(successor.store.reads > 0)
  }

  @Test func `a smaller limit takes effect with the next change`() throws {
    let partition = TestPartition()
    for number in 0..<8 { try partition.process(TestCommand("set", "x", id: "\(number)")) }
    partition.commit()
    partition.drain()
    let successor = TestPartition(store: partition.store, position: 8) { $0.recentCommandIDsMax = 2 }
    #expect(try successor.code(TestCommand("set", "x", id: "0")) == "duplicate")
    #expect(try successor.code(TestCommand("set", "x", id: "8")) == nil)
    #expect(try successor.code(TestCommand("set", "x", id: "7")) == "duplicate")
    #expect(try successor.code(TestCommand("set", "x", id: "6")) == nil)
  }
}
