import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct PipelineTests {
  /// Processes the commands from the partition's position on, and seals.
  private func transaction(
    _ commands: ArraySlice<TestCommand>, in partition: TestPartition
  ) throws -> [ProducedRecord] {
    partition.output.removeAll()
    partition.end = partition.processor.position
    for command in commands { try partition.process(command) }
    return partition.records
  }

  private func seal(_ partition: TestPartition) -> [ProducedRecord] {
    _ = partition.processor.seal(into: &partition.output)
    return partition.records
  }

  private let commands = [
    TestCommand("set", "a", key: "k", id: "1"), TestCommand("set", "b", key: "l"), TestCommand("refuse"),
    TestCommand("append", "c", key: "k", id: "2"), TestCommand("forget", key: "l"),
    TestCommand("append", "d", key: "k", id: "1"), TestCommand("append", "e", key: "l"),
  ]

  @Test func `the next transaction sees what is sealed, and commits after it`() throws {
    let partition = TestPartition()
    _ = try transaction(commands[..<3], in: partition)
    _ = seal(partition)
    let open = try transaction(commands[3...], in: partition)
    #expect(open.map { $0["ce_sequence"] ?? $0["rejection-code"] } == ["2", "2", "duplicate", "1"])
    #expect(partition.processor.positionCommitted == 0)
    partition.processor.commit(checkpointOffset: 10)
    #expect(partition.processor.positionCommitted == 3)
    _ = seal(partition)
    partition.processor.commit(checkpointOffset: 20)
    #expect(partition.processor.positionCommitted == 7)
    #expect(try #require(try partition.object("k")) == (2, "ac"))
    #expect(try #require(try partition.object("l")) == (1, "e"))
  }

  @Test func `what was given up, done again from the committed position, gives the same bytes`() throws {
    func begun(from position: Int64, _ store: TestStore) throws -> TestPartition {
      let partition = TestPartition(store: store, position: position)
      if position == 0 {
        try partition.process(TestCommand("set", "before", key: "k"))
        partition.commit()
        partition.drain()
      }
      return partition
    }
    let partition = try begun(from: 0, TestStore())
    let first = try (transaction(commands[..<3], in: partition), seal(partition))
    let second = try transaction(commands[3...], in: partition)
    // As after a restore: another processor, from what the drain left.
    let again = try begun(from: 1, partition.store)
    #expect(try #require(try again.object("k")) == (1, "before"))
    #expect(try again.object("l") == nil)
    #expect(try transaction(commands[..<3], in: again) == first.0)
    #expect(seal(again) == first.1)
    #expect(try transaction(commands[3...], in: again) == second)
  }

  @Test func `batches of another size give the same events`() throws {
    let whole = TestPartition()
    let all = try transaction(commands[...], in: whole)
    let single = TestPartition()
    var one: [ProducedRecord] = []
    for index in commands.indices {
      one += try transaction(commands[index...index], in: single)
      _ = seal(single)
      single.processor.commit(checkpointOffset: nil)
    }
    #expect(one == all)
  }

  @Test func `the store is asked once for each key that memory does not know`() throws {
    let partition = TestPartition()
    for _ in 0..<3 { for key in ["a", "b"] { try partition.process(TestCommand("refuse", key: key)) } }
    #expect(partition.store.reads == 2)
  }

  @Test func `a drain stands for a checkpoint that is known, with the position it names`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("set", "a"))
    partition.commit(checkpointOffset: 10)
    #expect(partition.drain() == DrainPosition(changelogOffset: 11, commandPosition: 1, checkpointOffset: 10))
    for _ in 0..<2 {
      // Where their checkpoints stand is not known: a restore reads from the last known one on, and meets
      // them there. It must not find that they are behind the store's position.
      try partition.process(TestCommand("append", "b"))
      partition.commit(checkpointOffset: nil)
    }
    #expect(partition.drain() == DrainPosition(changelogOffset: 11, commandPosition: 1, checkpointOffset: 10))
    try partition.process(TestCommand("append", "c"))
    partition.commit(checkpointOffset: 40)
    #expect(partition.drain() == DrainPosition(changelogOffset: 41, commandPosition: 4, checkpointOffset: 40))
  }

  @Test func `a drain holds nothing of the sealed and the open transaction`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("set", "a"))
    partition.commit(checkpointOffset: 1)
    try partition.process(TestCommand("append", "b"))
    _ = partition.processor.seal(into: &partition.output)
    try partition.process(TestCommand("append", "c"))
    #expect(partition.drain() == DrainPosition(changelogOffset: 2, commandPosition: 1, checkpointOffset: 1))
    #expect(partition.store.records[Array("k".utf8)] == objectRecord(version: 1, state: "a"))
  }
}
