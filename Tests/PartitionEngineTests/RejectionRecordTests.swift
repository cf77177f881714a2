import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct RejectionRecordTests {
  @Test func `a rejection is the command as it is and why`() throws {
    let partition = TestPartition(position: 17)
    let command = TestCommand(
      "refuse", "payload", id: "id", expect: "any",
      headers: [("x", nil), ("x", "1"), ("rejection-code", "own"), ("", "")])
    try partition.process(command)
    let record = partition.last
    #expect(record.topic == .invalid)
    #expect(record.partition == 3)
    #expect(record.timestamp == OutputRecord.timeOfWriting)
    #expect(record["command-timestamp"] == "\(command.timestamp)")
    #expect(record.key == command.key)
    #expect(record.value == command.payload)
    #expect(
      record.headers.prefix(command.headers.count)
        == command.headers.map { ProducedRecord.Header(name: $0.name, value: $0.value) }[...])
    #expect(
      record.headers.dropFirst(command.headers.count).map(\.name)
        == [
          "rejection-code", "rejection-reason", "object-version", "command-position", "command-timestamp",
          "rejection-source",
        ])
    #expect(record["rejection-code"] == "x-refused")
    #expect(record["rejection-reason"] == "It was to be refused.")
    #expect(record["object-version"] == "0")
    #expect(record["command-position"] == "commands/3/17")
    #expect(record["rejection-source"] == "/shop")
  }

  @Test func `a duplicate names the version that its first made`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("set", id: "a"))
    try partition.process(TestCommand("set", id: "a"))
    #expect(partition.last["original-version"] == "1")
    #expect(partition.last.headers.count == 2 + 7)
  }

  @Test func `a null payload stays null, an empty one empty`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("refuse", nil))
    #expect(partition.last.value == nil)
    #expect(partition.last["payload-omitted"] == nil)
    try partition.process(TestCommand("refuse", ""))
    #expect(partition.last.value == [])
  }

  @Test func `a command too large to be rejected with its payload loses it, and says how large it was`()
    throws
  {
    let partition = TestPartition { $0.recordBytesMax = 2000 }
    let command = TestCommand("refuse", String(repeating: "p", count: 1900), headers: [("x", "1")])
    try partition.process(command)
    #expect(partition.last.value == nil)
    #expect(partition.last["payload-omitted"] == "1900")
    #expect(partition.last["x"] == "1")
  }

  @Test func `of a key too large for the topic only the beginning is kept, and its size is told`() throws {
    let partition = TestPartition { $0.recordBytesMax = 4000 }
    var command = TestCommand("refuse", "p", headers: [("x", "1")])
    command.key = Array(repeating: 7, count: 5000)
    try partition.process(command)
    #expect(partition.last.key == Array(repeating: 7, count: 1024))
    #expect(partition.last["key-cut"] == "5000")
    #expect(partition.last["payload-omitted"] == "1")
    #expect(partition.last["rejection-code"] == "invalid-key")
  }

  @Test func `headers too large to be carried are left out with the payload`() throws {
    let partition = TestPartition { $0.recordBytesMax = 2000 }
    let command = TestCommand("refuse", "p", headers: [("x", String(repeating: "x", count: 1900))])
    try partition.process(command)
    #expect(partition.records.count == 1)
    #expect(partition.last["x"] == nil)
    #expect(partition.last["ce_type"] == nil)
    #expect(partition.last["payload-omitted"] == "1")
    #expect(partition.last["rejection-code"] == "x-refused")
  }

  @Test func `a long reason is cut at a character`() throws {
    var batch = OutputBatch()
    let refusal = Refusal(Rejection(.malformed, String(repeating: "ä", count: 1000)), objectVersion: 7)
    TestCommand("set").withRecord(at: 0) {
      batch.appendRejection(refusal, of: $0, identity: TestPartition.identity, recordBytesMax: 10_000)
    }
    let reason = try #require(ProducedRecord.all(in: batch)[0]["rejection-reason"])
    #expect(reason.utf8.count <= 1024)
    #expect(reason == String(repeating: "ä", count: reason.count - 1) + "…")
  }
}
